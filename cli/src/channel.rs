//! Which channel a command is about, and the client for it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use transom::config::{ChannelConfig, ConfigFile, Env, process_env};
use transom::layers::Retry;
use transom::{Client, Error, ErrorKind, Registry};

use crate::args::Common;
use crate::ledger_file;
use crate::output::{Failure, Output};

/// The file that is read when none is named.
const FILE: &str = "transom.toml";
/// The environment variable that holds a channel's URI when nothing else names a channel.
const URL: &str = "TRANSOM_URL";

/// A channel, ready to be used.
#[derive(Debug)]
pub(crate) struct Channel {
    pub(crate) name: String,
    pub(crate) provider: &'static str,
    pub(crate) client: Client,
    /// When each contact last wrote, from `--ledger`.
    pub(crate) ledger: Option<Arc<transom::MemoryLedger>>,
}

/// The providers built in.
pub(crate) fn registry() -> Registry {
    Registry::default()
        .with(transom_autocalls::PROVIDER)
        .with(transom_exotel::PROVIDER)
        .with(transom_gosendapi::PROVIDER)
        .with(transom_messangi::PROVIDER)
}

/// The channel that the command line, the file or the environment names.
pub(crate) fn open(common: &Common, output: &Output) -> Result<Channel, Failure> {
    let mut registry = registry();
    let mut config = find(common, &registry, output)?;
    if let Some(timeout) = &common.timeout {
        config = config.with("timeout", timeout.as_str());
    }
    let name = config.name().to_owned();
    let ledger = match &common.ledger {
        Some(file) => Some(Arc::new(ledger_file::read(file, &name)?)),
        None => None,
    };
    if let Some(ledger) = &ledger {
        registry = registry.with_ledger(Arc::clone(ledger) as Arc<dyn transom::WindowLedger>);
    }
    let client = registry.connect(&config)?.layer(Retry::default());
    // `connect` knew the provider, so this finds it.
    let provider = registry.provider(config.provider())?.name;
    Ok(Channel { name, provider, client, ledger })
}

fn find(common: &Common, registry: &Registry, output: &Output) -> Result<ChannelConfig, Failure> {
    let env = process_env();
    match common.channel.as_deref() {
        Some(uri) if uri.contains("://") => {
            output.note("warning: the process list shows the URI with its credential; put it into an environment variable and name that as @NAME");
            let scheme = uri.split("://").next().unwrap_or_default();
            let name =
                registry.providers().iter().find(|provider| provider.name == scheme).map_or("uri", |known| known.name);
            Ok(ChannelConfig::from_uri(name, uri, registry.providers(), env)?)
        }
        Some(reference) if reference.starts_with('@') => {
            let variable = reference.trim_start_matches('@');
            let uri = env(variable).ok_or_else(|| {
                config(format!("--channel {reference}: the environment variable `{variable}` is not set"))
            })?;
            Ok(ChannelConfig::from_uri(reference, &uri, registry.providers(), env)?)
        }
        Some(name) => {
            let (path, file) = load(common, registry, &env)?.ok_or_else(|| {
                config(format!(
                    "--channel {name}: there is no {FILE} here; name one with --config, or give a URI as @NAME"
                ))
            })?;
            named(&path, &file, name)
        }
        None => {
            let file = load(common, registry, &env)?;
            if let Some((path, file)) = &file
                && let Some(default) = &file.default
            {
                return named(path, file, default);
            }
            if let Some(uri) = env(URL) {
                return Ok(ChannelConfig::from_uri(URL, &uri, registry.providers(), env)?);
            }
            Err(config(match &file {
                Some((path, file)) => format!(
                    "no channel is named: give --channel, set `default` in {}, or set {URL}; known: {}",
                    path.display(),
                    names(file)
                ),
                None => format!(
                    "no channel is configured: write {FILE}, or set {URL} to a URI such as exotel://KEY:TOKEN@default/ACCOUNT_SID?from=919876500001"
                ),
            }))
        }
    }
}

/// The configuration file with its path: the one named, which must be there, or the usual one, which need not.
fn load(common: &Common, registry: &Registry, env: &Env) -> Result<Option<(PathBuf, ConfigFile)>, Failure> {
    let path = common.config.clone().unwrap_or_else(|| PathBuf::from(FILE));
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if common.config.is_none() && error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(config(format!("{}: {error}", path.display()))),
    };
    let folder = path.parent().unwrap_or(Path::new(""));
    let file = ConfigFile::parse(&text, folder, registry.providers(), env)
        .and_then(|file| registry.check(&file).map(|()| file))
        .map_err(|error| in_file(&path, &error))?;
    Ok(Some((path, file)))
}

fn named(path: &Path, file: &ConfigFile, name: &str) -> Result<ChannelConfig, Failure> {
    if let Some(channel) = file.channels.get(name) {
        return Ok(channel.clone());
    }
    Err(config(if file.failovers.contains_key(name) {
        format!(
            "{}: channel `{name}` is a failover of other channels, which this command cannot drive; name one of its members",
            path.display()
        )
    } else {
        format!("{}: there is no channel `{name}`, known: {}", path.display(), names(file))
    }))
}

fn names(file: &ConfigFile) -> String {
    file.channels.keys().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

fn in_file(path: &Path, error: &Error) -> Failure {
    let lines = error.problem_list().iter().map(|line| format!("{}: {line}", path.display())).collect();
    Error::problems(ErrorKind::Config, lines).into()
}

fn config(problem: String) -> Failure {
    Error::problems(ErrorKind::Config, vec![problem]).into()
}
