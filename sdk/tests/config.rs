//! Configuration files, and the clients that the registry makes of them.
#![cfg(all(feature = "reqwest", feature = "toml"))]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on should stop")]

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use serde_json::{Value, json};
use transom::adapter::{Connected, Context, Provider, Rate};
use transom::config::{ChannelConfig, ConfigFile, ConfigReader, Env, UriLayout, process_env};
use transom::layers::{Layer, Next};
use transom::testing::Stub;
use transom::{Client, Error, ErrorKind, Message, Receipt, Registry, Result};

const ACME: Provider = Provider::new("acme", UriLayout::new("api_key"), connect).with_rates(&[Rate::per_second(7)]);

/// An account whose provider is unavailable if its channel is `away`.
fn connect(mut keys: ConfigReader<'_>, _context: Context) -> Result<Connected> {
    let is_away = keys.channel().name() == "away";
    let api_key = keys.secret("api_key");
    keys.finish(|| Some(()))?;
    let shown = api_key.as_ref().map_or("down", |key| key.expose());
    let answer = if is_away { Err(Error::new(ErrorKind::ProviderUnavailable, shown)) } else { Ok("m1".to_owned()) };
    Ok(Connected::new(Stub::script([answer]), api_key))
}

fn text() -> Message {
    Message::text("+919876543210".parse().unwrap(), "Hi").with_fallback(transom::Template::new("follow_up"))
}

/// A file of its own for the test, gone at the end.
struct File(PathBuf);

impl File {
    fn new(name: &str, bytes: &[u8]) -> Self {
        let path = std::env::temp_dir().join(format!("transom-config-{}-{name}.toml", std::process::id()));
        std::fs::write(&path, bytes).unwrap();
        Self(path)
    }

    fn load(&self) -> Result<ConfigFile> {
        ConfigFile::load(&self.0, &[ACME])
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// The one line of the error for a file that cannot be loaded.
fn problem(loaded: Result<ConfigFile>) -> String {
    let error = loaded.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert_eq!(error.problems().len(), 1, "{error:?}");
    error.problems()[0].clone()
}

#[test]
fn file_is_loaded_with_or_without_a_byte_order_mark() {
    let file = b"default = \"a\"\n[channels.a]\nprovider = \"acme\"\n";
    for (name, bytes) in [("plain", file.to_vec()), ("bom", [&b"\xef\xbb\xbf"[..], file].concat())] {
        let file = File::new(name, &bytes).load().unwrap();
        assert_eq!(file.default.as_deref(), Some("a"), "{name}");
        assert_eq!(file.channels["a"].provider(), "acme", "{name}");
    }
}

#[test]
fn secret_file_is_relative_to_the_loaded_file() {
    let secret = File::new("secret", b"from-the-file\n");
    let name = secret.0.file_name().unwrap().to_str().unwrap();
    let text = format!("[channels.away]\nprovider = \"acme\"\napi_key = {{ file = \"{name}\" }}\n");
    let file = File::new("relative", text.as_bytes()).load().unwrap();
    assert!(Registry::default().with_provider(ACME).open(&file, "away").is_ok());
}

#[test]
fn file_that_cannot_be_loaded_is_named_with_the_reason() {
    let folder = std::env::temp_dir();
    let missing = folder.join("transom-no-such-file.toml");
    let line = problem(ConfigFile::load(&missing, &[ACME]));
    assert!(line.starts_with(&format!("{}: cannot be read: ", missing.display())), "{line}");
    let line = problem(ConfigFile::load(&folder, &[ACME]));
    assert_eq!(line, format!("{}: cannot be read: it is a folder, expected a file", folder.display()));
    for (name, bytes, expected) in [
        ("toml", &b"default = \"a\"\n[channels.a\napi_key = \"canary\"\n"[..], ": line 2: "),
        ("utf8", b"default = \"\xff\"\n", ": cannot be read: "),
        (
            "key",
            b"defualt = \"a\"\n",
            ": unknown key `defualt` (did you mean `default`?), expected one of `channels`, `default`",
        ),
        ("none", b"default = \"a\"\n", ": default: there is no channel `a`, known: none"),
    ] {
        let file = File::new(name, bytes);
        let line = problem(file.load());
        assert!(line.starts_with(&format!("{}{expected}", file.0.display())) && !line.contains("canary"), "{line}");
    }
}

#[test]
fn failover_that_names_a_failover_is_refused() {
    let text = b"[channels.a]\nprovider = \"acme\"\n[channels.any]\nfailover = [\"a\", \"any\"]\n";
    let line = problem(File::new("itself", text).load());
    assert!(line.contains("channel `any`: failover: `any` is a failover channel itself"), "{line}");
}

#[test]
fn only_channel_is_the_single_one_of_the_file() {
    let only = |text: &str| File::new("only", text.as_bytes()).load().unwrap().only_channel().map(str::to_owned);
    assert_eq!(only("[channels.a]\nprovider = \"acme\"\n").as_deref(), Some("a"));
    assert_eq!(only("[channels.a]\nprovider = \"acme\"\n[channels.any]\nfailover = [\"a\"]\n"), None);
    assert_eq!(only(""), None);
}

/// Notes its name for each send that passes.
#[derive(Clone, Debug)]
struct Noting(&'static str, Arc<Mutex<Vec<&'static str>>>);

#[async_trait]
impl Layer for Noting {
    async fn send(&self, message: &Message, next: Next<'_>) -> Result<Receipt> {
        self.1.lock().unwrap().push(self.0);
        next.send(message).await
    }
}

fn any() -> ConfigFile {
    let text = b"[channels.away]\nprovider = \"acme\"\n[channels.home]\nprovider = \"acme\"\n[channels.any]\nfailover = [\"away\", \"home\"]\n";
    File::new(&format!("any-{:?}", std::thread::current().id()), text).load().unwrap()
}

#[tokio::test]
async fn members_of_a_failover_get_layers_by_name() {
    let noted = Arc::new(Mutex::new(Vec::new()));
    let noting = |name| Noting(name, Arc::clone(&noted));
    let failover = Registry::default().with_provider(ACME).failover(&any(), "any").unwrap();
    let failover = failover.map_client("home", |client| client.layer(noting("home"))).unwrap();
    let failover = failover.map_client("away", |client| client.layer(noting("away"))).unwrap();
    let receipt = Client::new(failover).send(&text()).await.unwrap();
    assert_eq!(receipt.channel.as_deref(), Some("home"));
    assert_eq!(*noted.lock().unwrap(), ["away", "home"]);
}

#[test]
fn layers_for_an_unknown_member_are_refused_by_name() {
    let failover = Registry::default().with_provider(ACME).failover(&any(), "any").unwrap();
    let error = failover.map_client("hoem", |client| client).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert_eq!(error.problems(), ["the failover has no channel `hoem`, known: `away`, `home`"]);
    let error = Registry::default().failover(&any(), "all").unwrap_err();
    assert_eq!(error.problems(), ["there is no channel `all`, known: `away`, `home`, `any`"]);
}

#[tokio::test]
async fn registry_adds_its_layers_to_each_member_it_opens() {
    let noted = Arc::new(Mutex::new(Vec::new()));
    let record = Arc::clone(&noted);
    let registry = Registry::default().with_provider(ACME).with_layers(move |provider, channel, client| {
        assert_eq!(provider.rates, ACME.rates);
        let name = if channel.name() == "away" { "away" } else { "home" };
        client.layer(Noting(name, Arc::clone(&record)))
    });
    registry.open(&any(), "any").unwrap().send(&text()).await.unwrap();
    assert_eq!(*noted.lock().unwrap(), ["away", "home"]);
    registry.open(&any(), "home").unwrap().send(&text()).await.unwrap();
    assert_eq!(*noted.lock().unwrap(), ["away", "home", "home"]);
}

#[tokio::test]
async fn each_secret_is_read_once_and_kept_out_of_errors() {
    for (key, secret) in [("api_key", "canary-api-key"), ("webhook_secret", "canary-webhook")] {
        let reads = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&reads);
        let env: Env = Arc::new(move |name| {
            counted.fetch_add(1, Ordering::Relaxed);
            (name == "SECRET").then(|| secret.to_owned())
        });
        let values = [(key.to_owned(), json!({ "env": "SECRET" }))].into();
        let channel = ChannelConfig::new("away", "acme", values, env);
        let registry = Registry::default().with_provider(ACME);
        let error = registry.connect(&channel).unwrap().send(&text()).await.unwrap_err();
        assert_eq!(reads.load(Ordering::Relaxed), 1, "{key}");
        assert!(!format!("{error} {error:?}").contains("canary"), "{error}");
    }
}

#[tokio::test]
async fn secrets_of_the_common_keys_are_kept_out_of_errors() {
    // The provider echoes a secret that its adapter did not read.
    const ECHO: Provider = Provider::new("echo", UriLayout::new("api_key"), |keys, _context| {
        keys.finish(|| Some(()))?;
        let echo = Error::new(ErrorKind::ProviderUnavailable, "canary-webhook and http://u:canary-proxy@proxy.example");
        Ok(Connected::new(Stub::script([Err(echo)]), []))
    });
    let values = json!({ "webhook_secret": "canary-webhook", "proxy": "http://u:canary-proxy@proxy.example" });
    let values: std::collections::BTreeMap<String, Value> = serde_json::from_value(values).unwrap();
    let channel = ChannelConfig::new("c", "echo", values, process_env());
    let client = Registry::default().with_provider(ECHO).connect(&channel).unwrap();
    let error = client.send(&text()).await.unwrap_err();
    assert!(!format!("{error} {error:?}").contains("canary"), "{error}");
}

#[tokio::test]
async fn key_of_a_channel_makes_template_values_flat() {
    let message = Message::template("+919876543210".parse().unwrap(), transom::Template::new("t").body(["Ana\tRuiz"]));
    let registry = Registry::default().with_provider(ACME);
    for (flatten, expected) in
        [(json!(true), None), (json!("true"), None), (json!(false), Some(ErrorKind::InvalidRequest))]
    {
        let values = [("api_key".to_owned(), json!("k")), ("flatten_parameters".to_owned(), flatten)].into();
        let channel = ChannelConfig::new("here", "acme", values, process_env());
        let result = registry.connect(&channel).unwrap().send(&message).await;
        assert_eq!(result.err().map(|error| error.kind()), expected);
    }
}

/// The failover `any` of the channels `a` and `b`, which have these countries.
#[cfg(feature = "rlibphonenumber")]
fn countries(a: &str, b: &str) -> Client {
    let channel = |name: &str, country: &str| format!("[channels.{name}]\nprovider = \"acme\"\n{country}\n");
    let text = format!("{}{}[channels.any]\nfailover = [\"a\", \"b\"]\n", channel("a", a), channel("b", b));
    let file = ConfigFile::parse(&text, "".as_ref(), &[ACME], &process_env()).unwrap();
    Registry::default().with_provider(ACME).open(&file, "any").unwrap()
}

#[cfg(feature = "rlibphonenumber")]
#[test]
fn failover_reads_numbers_in_the_country_of_all_members() {
    let india = "default_country = \"IN\"";
    let number = countries(india, "default_country = 91").phone_number("98765 43210").unwrap();
    assert_eq!(number.as_str(), "+919876543210");
    for (a, b) in [(india, "default_country = \"MX\""), (india, ""), ("", india), ("", "")] {
        let client = countries(a, b);
        assert!(client.phone_number("98765 43210").unwrap_err().lacks_country_code(), "{a} {b}");
        assert_eq!(client.phone_number("+91 98765 43210").unwrap(), number, "{a} {b}");
    }
}

#[cfg(not(feature = "rlibphonenumber"))]
#[test]
fn default_country_without_its_feature_names_the_feature() {
    let values = [("default_country".to_owned(), "IN".into())].into();
    let channel = ChannelConfig::new("a", "acme", values, process_env());
    let error = Registry::default().with_provider(ACME).connect(&channel).unwrap_err();
    let expected = "channel `a`: default_country: it needs the feature `rlibphonenumber` of the crate `transom`";
    assert_eq!(error.problems(), [expected]);
}

#[test]
fn sender_of_a_channel_needs_no_plus() {
    for from in [Value::from("919876500001"), "+91 98765 00001".into(), 919_876_500_001_u64.into()] {
        let channel = ChannelConfig::new("a", "acme", [("from".to_owned(), from)].into(), process_env());
        assert_eq!(channel.reader().phone("from").unwrap().as_str(), "+919876500001");
    }
}
