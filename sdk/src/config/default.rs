//! The channel that a program uses if it names none.

use std::path::Path;

use super::channel::{ChannelConfig, Env};
use super::file::ConfigFile;
use super::problem::config_error;
use super::provider::Provider;
use crate::error::Result;

/// The file with the channels.
const FILE: &str = "transom.toml";
/// The environment variable with a channel's URI.
const URL: &str = "TRANSOM_URL";

/// The channel that a program uses if it names none.
#[derive(Debug)]
pub(super) enum DefaultChannel {
    /// A channel of the file, by its name.
    OfFile(Box<ConfigFile>, String),
    /// The channel of the URI in the environment.
    OfUri(ChannelConfig),
}

/// Selects the `default` of the file in `folder`, or else the URI of the environment, or else the only channel of the file.
pub(super) fn default_channel(folder: &Path, providers: &[Provider], env: &Env) -> Result<DefaultChannel> {
    let path = folder.join(FILE);
    let file = if path.try_exists().is_ok_and(|exists| !exists) {
        None
    } else {
        Some(Box::new(ConfigFile::load_with(&path, providers, env)?))
    };
    if let Some((file, name)) = file.as_ref().and_then(|file| Some((file, file.default.as_ref()?))) {
        return Ok(DefaultChannel::OfFile(file.clone(), name.clone()));
    }
    if let Some(uri) = env(URL).filter(|uri| !uri.trim().is_empty()) {
        return ChannelConfig::from_uri(URL, &uri, providers, Env::clone(env)).map(DefaultChannel::OfUri);
    }
    let Some(file) = file else {
        return Err(config_error(vec![format!(
            "no channel is configured: expected a file `{}` with a `default` channel, or a URI such as exotel://KEY:TOKEN@default/ACCOUNT_SID?from=919876500001 in the environment variable `{URL}`",
            path.display()
        )]));
    };
    match file.only_channel().map(str::to_owned) {
        Some(name) => Ok(DefaultChannel::OfFile(file, name)),
        None => Err(config_error(vec![format!(
            "no channel is selected: expected `default` in `{}`, or a URI in the environment variable `{URL}`; known: {}",
            path.display(),
            file.names()
        )])),
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::sync::Arc;

    use super::super::UriLayout;
    use super::super::provider::Connected;
    use super::*;
    use crate::{ErrorKind, testing::Stub};

    const PROVIDERS: &[Provider] =
        &[Provider::new("acme", UriLayout::new("api_key"), |_, _| Ok(Connected::new(Stub::accepting(), [])))];
    const ONE: &str = "[channels.only]\nprovider = \"acme\"\n";
    const TWO: &str = "[channels.a]\nprovider = \"acme\"\n[channels.b]\nprovider = \"acme\"\n";
    const DEFAULT: &str = "default = \"b\"\n[channels.a]\nprovider = \"acme\"\n[channels.b]\nprovider = \"acme\"\n";
    const FAILOVER: &str = "[channels.a]\nprovider = \"acme\"\n[channels.any]\nfailover = [\"a\"]\n";

    /// A folder of its own, with the file if there is text for it.
    fn folder(name: &str, text: Option<&str>) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("transom-default-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        if let Some(text) = text {
            std::fs::write(folder.join(FILE), text).unwrap();
        }
        folder
    }

    fn selected(name: &str, text: Option<&str>, url: Option<&'static str>) -> Result<String> {
        let env: Env = Arc::new(move |name| url.filter(|_| name == URL).map(str::to_owned));
        let folder = folder(name, text);
        let selected = default_channel(&folder, PROVIDERS, &env);
        std::fs::remove_dir_all(&folder).unwrap();
        Ok(match selected? {
            DefaultChannel::OfFile(_, name) => name,
            DefaultChannel::OfUri(channel) => channel.name().to_owned(),
        })
    }

    #[test]
    fn default_then_url_then_the_only_channel_is_selected() {
        const URI: Option<&str> = Some("acme://KEY@default");
        for (name, text, url, expected) in [
            ("default", Some(DEFAULT), None, "b"),
            ("default-url", Some(DEFAULT), URI, "b"),
            ("one", Some(ONE), None, "only"),
            ("one-blank-url", Some(ONE), Some("  "), "only"),
            ("one-url", Some(ONE), URI, URL),
            ("two-url", Some(TWO), URI, URL),
            ("url", None, URI, URL),
        ] {
            assert_eq!(selected(name, text, url).unwrap(), expected, "{name}");
        }
    }

    #[test]
    fn without_a_choice_the_error_names_file_and_variable() {
        for (name, text, known) in [
            ("none", None, "no channel is configured"),
            ("empty", Some(""), "known: none"),
            ("two", Some(TWO), "known: `a`, `b`"),
            ("failover", Some(FAILOVER), "known: `a`, `any`"),
        ] {
            let error = selected(name, text, None).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config);
            let line = &error.problems()[0];
            for part in ["transom.toml", "TRANSOM_URL", "default", known] {
                assert!(line.contains(part), "{name}: {line}");
            }
        }
    }

    #[test]
    fn a_file_with_a_problem_is_an_error_whatever_the_url() {
        let error = selected("bad", Some("default = 7"), Some("acme://KEY@default")).unwrap_err();
        assert!(error.problems()[0].contains("transom.toml: default: expected"), "{error}");
        let error = selected("uri", None, Some("acme:KEY-canary")).unwrap_err();
        assert!(!format!("{error:?}").contains("canary"), "{error:?}");
    }
}
