//! The settings of a Messangi channel.

use std::time::Duration;

use transom::adapter::BaseUrl;
use transom::config::{ConfigReader, TemplateMappings};
use transom::{PhoneNumber, Result, Secret};

/// The provider's name in the configuration.
pub(crate) const NAME: &str = "messangi";

/// The production host: no page of the vendor's names one, and unrelated public clients agree on it [field].
const HOST: &str = "elastic.messangi.me";
/// The messaging service behind the host [field]; the provider documentation has `/notification` alone [seed].
const NOTIFICATION_PATH: &str = "/oberyn/v2/notification";
/// The login behind the host [docs, Build your API call].
const LOGIN_PATH: &str = "/kingslanding/login";
/// The rate window of the page's example [seed].
const RATE_WINDOW: Duration = Duration::from_secs(300);

/// The settings of a Messangi channel.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Config {
    /// `api_key`, or `username` and `password`.
    pub credential: Credential,
    /// `from`: the WhatsApp number to send from.
    pub from: PhoneNumber,
    /// `base_url`, else the production host.
    pub base_url: BaseUrl,
    /// `notification_path`: where messages are posted.
    pub notification_path: String,
    /// `login_path`: where a username and a password are turned into a key.
    pub login_path: String,
    /// `rate_window`: the wait after a 429 that asks for none, from 1 s to 24 h. The page's example is 300 s \[seed\].
    pub rate_window: Duration,
    /// `probe`: whether a send that is refused for its key may be followed by one login and one more send.
    pub probe: bool,
    /// `webhook_secret`: Messangi signs nothing, so that with a secret every callback is refused.
    pub webhook_secrets: Vec<Secret>,
    /// `templates`: Messangi's side of the application's template names.
    pub templates: TemplateMappings,
    /// `callbacks`: the addresses for the delivery reports of each message. Without one, the account's own are called, if it
    /// has any [docs, Text Message]. Kept like secrets, since nothing else protects the receiver.
    pub callbacks: Vec<Secret>,
    /// `client_id`: the business's own name for itself or the contact, for the provider's reports [docs, Text Message].
    pub client_id: Option<String>,
    /// `template_namespace`: the namespace of the templates, handed out by the provider's support [docs, Text Message Template].
    pub template_namespace: Option<String>,
    /// `template_buttons`: whether values for the buttons of a template are sent, in a form that no page shows \[inferred\].
    pub template_buttons: bool,
}

/// How an account proves who it is. A key also selects the workspace [docs, Access your API Key].
#[derive(Clone, Debug)]
pub enum Credential {
    /// `api_key`: a key made by hand.
    ApiKey(Secret),
    /// A key is got by a login, and lives for 24 hours [docs, Build your API call].
    Login {
        /// `username`: the e-mail address of the account. Kept like a secret, since it is personal.
        username: Secret,
        /// `password`.
        password: Secret,
    },
}

impl Config {
    /// Settings with this credential and this sender, and the default for everything else. The fields can be changed.
    pub fn new(credential: Credential, from: PhoneNumber) -> Self {
        Self {
            credential,
            from,
            base_url: BaseUrl::from_host(HOST),
            notification_path: NOTIFICATION_PATH.to_owned(),
            login_path: LOGIN_PATH.to_owned(),
            rate_window: RATE_WINDOW,
            probe: true,
            webhook_secrets: Vec::new(),
            templates: TemplateMappings::default(),
            callbacks: Vec::new(),
            client_id: None,
            template_namespace: None,
            template_buttons: false,
        }
    }

    /// The credentials in these settings, for [`ClientBuilder::redact`](transom::client::ClientBuilder::redact).
    pub fn secrets(&self) -> Vec<Secret> {
        let mut secrets = self.webhook_secrets.clone();
        secrets.extend(self.callbacks.iter().cloned());
        match &self.credential {
            Credential::ApiKey(key) => secrets.push(key.clone()),
            Credential::Login { username, password } => secrets.extend([username.clone(), password.clone()]),
        }
        secrets
    }

    /// Reads a channel's settings.
    pub(crate) fn read(mut keys: ConfigReader<'_>) -> Result<Self> {
        let common = keys.common().clone();
        let credential = credential(&mut keys);
        let from = keys.required_phone("from");
        let base_url = common.base_url_or(HOST);
        let notification_path = path(&mut keys, "notification_path", NOTIFICATION_PATH);
        let login_path = path(&mut keys, "login_path", LOGIN_PATH);
        let day = Duration::from_secs(24 * 60 * 60);
        let rate_window =
            keys.duration("rate_window", Duration::from_secs(1)..=day, "a duration from 1s to 24h such as \"300s\"");
        let callbacks = keys.callback_urls("callbacks");
        let client_id = keys.text("client_id");
        let template_namespace = keys.text("template_namespace");
        let template_buttons = keys.flag("template_buttons").unwrap_or_default();
        keys.finish(|| {
            Some(Self {
                credential: credential?,
                from: from?,
                base_url,
                notification_path,
                login_path,
                rate_window: rate_window.unwrap_or(RATE_WINDOW),
                probe: common.probe,
                webhook_secrets: common.webhook_secrets,
                templates: common.templates,
                callbacks,
                client_id,
                template_namespace,
                template_buttons,
            })
        })
    }
}

fn credential(keys: &mut ConfigReader<'_>) -> Option<Credential> {
    // A secret that is set and cannot be read is another problem.
    let given = ["api_key", "username", "password"].map(|key| keys.is_set(key));
    let api_key = keys.secret("api_key");
    let username = keys.secret("username");
    let password = keys.secret("password");
    match given {
        [true, false, false] => Some(Credential::ApiKey(api_key?)),
        [false, true, true] => Some(Credential::Login { username: username?, password: password? }),
        [true, ..] => {
            keys.problem("api_key", "expected either this or `username` and `password`, not both");
            None
        }
        [false, true, false] => {
            keys.missing("password", "the password of `username`");
            None
        }
        [false, false, true] => {
            keys.missing("username", "the e-mail address of the account");
            None
        }
        [false, false, false] => {
            keys.missing("api_key", "an API key, or `username` and `password`");
            None
        }
    }
}

/// Reads a path on the host; `default` where there is none.
fn path(keys: &mut ConfigReader<'_>, key: &'static str, default: &str) -> String {
    let path = keys.text(key).unwrap_or_else(|| default.to_owned());
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | '~');
    let is_segment = |segment: &str| !matches!(segment, "" | "." | "..") && segment.chars().all(plain);
    if !path.strip_prefix('/').is_some_and(|rest| rest.split('/').all(is_segment)) {
        keys.problem(key, format!("expected a path such as \"{default}\""));
    }
    path
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use transom::ErrorKind;
    use transom::config::ChannelConfig;

    use super::*;

    fn read(json: &str) -> Result<Config> {
        let values = serde_json::from_str(json).unwrap();
        Config::read(ChannelConfig::new("mx", "messangi", values, Arc::new(|_| None)).reader())
    }

    fn problems(json: &str) -> Vec<String> {
        let error = read(json).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        error.problems().to_vec()
    }

    #[test]
    fn a_key_and_a_number_are_enough() {
        let config = read(r#"{"api_key":"canary","from":"5215500001111"}"#).unwrap();
        assert_eq!(config.base_url.to_string(), "https://elastic.messangi.me");
        assert_eq!(config.notification_path, "/oberyn/v2/notification");
        assert_eq!(config.login_path, "/kingslanding/login");
        assert!(matches!(&config.credential, Credential::ApiKey(key) if key.expose() == "canary"));
        assert!(!format!("{config:?}").contains("canary"));
    }

    #[test]
    fn callbacks_are_one_url_or_several_and_are_not_shown() {
        let channel = |callbacks: &str| {
            format!(r#"{{"api_key":"canary","from":"5215500001111","callbacks":{callbacks},"client_id":42}}"#)
        };
        let (a, b) = ("https://hooks.example.net/canary", "https://b.example.net/canary?x=1");
        for (json, expected) in [
            (format!(r#""{a}""#), &[a][..]),
            (format!(r#""{a}, {b}""#), &[a, b]),
            (format!(r#"["{a}","{b}"]"#), &[a, b]),
        ] {
            let config = read(&channel(&json)).unwrap();
            assert_eq!(config.callbacks.iter().map(Secret::expose).collect::<Vec<_>>(), expected, "{json}");
            assert_eq!(config.client_id.as_deref(), Some("42"));
            assert!(!format!("{config:?}").contains("canary"));
            assert_eq!(config.secrets().len(), expected.len() + 1);
        }
        for json in
            [r#""hooks.example.net/canary""#, r#"["https://a.example","ftp://canary"]"#, "7", r#""https://a.example,""#]
        {
            let problems = problems(&channel(json));
            assert!(problems.len() == 1 && problems[0].contains("callbacks: expected"), "{json}: {problems:?}");
            assert!(!problems[0].contains("canary"), "{problems:?}");
        }
    }

    #[test]
    fn a_username_and_a_password_stand_for_a_key_and_are_not_shown() {
        let config = read(r#"{"username":"canary@example.com","password":"canary","from":"5215500001111"}"#).unwrap();
        assert!(matches!(config.credential, Credential::Login { .. }));
        assert!(!format!("{config:?}").contains("canary"));
    }

    #[test]
    fn missing_or_double_credential_is_one_problem() {
        for (json, named) in [
            (r#"{"from":"5215500001111"}"#, "api_key: missing, expected an API key, or `username` and `password`"),
            (r#"{"from":"5215500001111","username":"u"}"#, "password: missing"),
            (r#"{"from":"5215500001111","password":"p"}"#, "username: missing"),
            (r#"{"from":"5215500001111","api_key":"k","username":"u","password":"p"}"#, "not both"),
            (r#"{"from":"5215500001111","api_key":{"env":"UNSET"}}"#, "`UNSET` is not set"),
            (r#"{"from":"5215500001111","username":{"env":"UNSET"},"password":"p"}"#, "`UNSET` is not set"),
        ] {
            let problems = problems(json);
            assert!(problems.len() == 1 && problems[0].contains(named), "{json}: {problems:?}");
        }
    }

    #[test]
    fn rate_window_is_a_duration_up_to_a_day() {
        let window = |text: &str| read(&format!(r#"{{"api_key":"k","from":"5215500001111"{text}}}"#));
        for (text, seconds) in [("", 300), (r#","rate_window":"90s""#, 90), (r#","rate_window":"1h""#, 3_600)] {
            assert_eq!(window(text).unwrap().rate_window, Duration::from_secs(seconds), "{text}");
        }
        for text in [r#","rate_window":"0s""#, r#","rate_window":"25h""#, r#","rate_window":300"#] {
            let error = window(text).unwrap_err();
            assert!(error.problems()[0].contains("rate_window") && error.problems()[0].contains("24h"), "{error:?}");
        }
    }

    #[test]
    fn a_path_is_a_path_on_the_host_and_nothing_else() {
        for path in ["notification", "/", "/a//b", "/a/", "/../b", "/a?b", "/a%2Fb", "https://x.example/a", "/a b"] {
            for key in ["notification_path", "login_path"] {
                let json = format!(r#"{{"api_key":"k","from":"5215500001111","{key}":"{path}"}}"#);
                assert!(problems(&json)[0].contains(key), "{path}");
            }
        }
        let config = read(r#"{"api_key":"k","from":"5215500001111","notification_path":"/notification"}"#).unwrap();
        assert_eq!(config.notification_path, "/notification");
    }
}
