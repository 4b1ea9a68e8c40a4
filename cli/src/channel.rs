//! Which channel a command is about, and the client for it.

use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use transom::config::{ChannelConfig, ConfigFile, Env, process_env};
use transom::layers::Retry;
use transom::time::{Clock, SystemClock, parse_duration};
use transom::{Client, Error, ErrorKind, PhoneNumber, Registry};
use transom::adapter::Context;
use transom::config::http_transport;

use crate::args::Common;
use crate::failover::Failover;
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
    pub(crate) ledger: Option<Arc<transom::session::MemoryLedger>>,
    pub(crate) config: ChannelConfig,
    pub(crate) registry: Registry,
}

/// What a message may go through.
#[derive(Debug)]
pub(crate) enum Target {
    Channel(Box<Channel>),
    Failover(Failover),
}

impl Target {
    /// The channel that is asked first for `contact`.
    pub(crate) fn first_for(self, contact: &PhoneNumber) -> Result<Channel, Failure> {
        match self {
            Self::Channel(channel) => Ok(*channel),
            Self::Failover(failover) => failover.into_first_for(contact),
        }
    }
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
    match target(common, output)? {
        Target::Channel(channel) => Ok(*channel),
        Target::Failover(failover) => Err(config(format!(
            "channel `{}` is a failover of other channels, of which this command needs one; name one of {}",
            failover.name,
            failover.channels.iter().map(|channel| format!("`{}`", channel.name)).collect::<Vec<_>>().join(", ")
        ))),
    }
}

/// As [`open`], for a command that can use a failover of channels, too.
pub(crate) fn target(common: &Common, output: &Output) -> Result<Target, Failure> {
    match find(common, &registry(), output)? {
        Found::Channel(config) => connect(common, config).map(|channel| Target::Channel(Box::new(channel))),
        Found::Failover(name, file) => Failover::connect(common, name, &file).map(Target::Failover),
    }
}

/// Every channel of the file; the one that is named, if one is.
pub(crate) fn all(common: &Common, output: &Output) -> Result<Vec<ChannelConfig>, Failure> {
    let registry = registry();
    if common.channel.is_none()
        && let Some((_, file)) = load(common, &registry, &process_env())?
    {
        return Ok(file.channels.into_values().collect());
    }
    match find(common, &registry, output)? {
        Found::Channel(config) => Ok(vec![config]),
        Found::Failover(name, file) => {
            let members = file.failovers.get(&name).map(|failover| failover.members.as_slice()).unwrap_or_default();
            Ok(members.iter().filter_map(|(member, _)| file.channels.get(member).cloned()).collect())
        }
    }
}

/// Makes a channel ready to be used.
pub(crate) fn connect(common: &Common, mut config: ChannelConfig) -> Result<Channel, Failure> {
    let name = config.name().to_owned();
    let mut registry = registry();
    let on = |error: Error| Failure::in_channel(error, &config, &registry);
    if let Some(timeout) = &common.timeout
        && parse_duration(timeout).is_none()
    {
        let problem = format!("--timeout {timeout}: expected a duration such as 60s");
        return Err(on(Error::invalid(ErrorKind::Config, vec![problem])));
    }
    let ledger = match &common.ledger {
        Some(file) => Some(Arc::new(ledger_file::read(file, &name).map_err(|failure| on(failure.error))?)),
        None => None,
    };
    // The registry knows every provider that a configuration was found for.
    let provider = registry.provider(config.provider()).map_err(on)?.name;
    if let Some(timeout) = &common.timeout {
        config = config.with("timeout", timeout.as_str());
    }
    if let Some(ledger) = &ledger {
        registry = registry.with_ledger(Arc::clone(ledger) as Arc<dyn transom::session::WindowLedger>);
    }
    let client = registry.connect(&config).map_err(|error| Failure::in_channel(error, &config, &registry))?;
    let client = client.layer(patience());
    Ok(Channel { name, provider, client, ledger, config, registry })
}

/// What makes a call again, and says that it waits.
pub(crate) fn patience() -> Retry {
    Retry::default().with_clock(Arc::new(Patience))
}

/// The machine's clock, which says so when there is something to wait for.
#[derive(Debug)]
struct Patience;

#[async_trait]
impl Clock for Patience {
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }

    async fn sleep(&self, duration: Duration) {
        if duration >= Duration::from_secs(2) && std::io::stderr().is_terminal() {
            let _ = writeln!(std::io::stderr(), "waiting {} s: the provider asks for it", duration.as_secs());
        }
        SystemClock.sleep(duration).await;
    }

    async fn timeout(&self, duration: Duration) {
        SystemClock.timeout(duration).await;
    }

    fn monotonic(&self) -> Duration {
        SystemClock.monotonic()
    }
}

/// The network and the time, as the channel's settings want them.
pub(crate) fn context(config: &ChannelConfig) -> transom::Result<Context> {
    Ok(Context::new(http_transport(config)?))
}

/// What a name stands for.
enum Found {
    Channel(ChannelConfig),
    Failover(String, ConfigFile),
}

impl From<ChannelConfig> for Found {
    fn from(config: ChannelConfig) -> Self {
        Self::Channel(config)
    }
}

fn find(common: &Common, registry: &Registry, output: &Output) -> Result<Found, Failure> {
    let env = process_env();
    if let Some(named) = &common.config
        && !named.is_file()
    {
        return Err(config(format!("--config {}: there is no such file", named.display())));
    }
    match common.channel.as_deref() {
        Some(uri) if uri.contains("://") => {
            output.note("warning: the process list shows the URI with its credential; put it into an environment variable and name that as @NAME");
            let scheme = uri.split("://").next().unwrap_or_default();
            let name =
                registry.providers().iter().find(|provider| provider.name == scheme).map_or("uri", |known| known.name);
            Ok(ChannelConfig::from_uri(name, uri, registry.providers(), env)?.into())
        }
        Some(reference) if reference.starts_with('@') => {
            let variable = reference.trim_start_matches('@');
            let uri = env(variable).ok_or_else(|| {
                config(format!("--channel {reference}: the environment variable `{variable}` is not set"))
            })?;
            Ok(ChannelConfig::from_uri(reference, &uri, registry.providers(), env)?.into())
        }
        Some(name) => {
            let (path, file) = load(common, registry, &env)?.ok_or_else(|| {
                config(format!(
                    "--channel {name}: there is no {FILE} here; name one with --config, or give a URI as @NAME"
                ))
            })?;
            named(&path, file, name)
        }
        None => {
            let file = load(common, registry, &env)?;
            let file = match file {
                Some((path, mut file)) => match file.default.take() {
                    Some(default) => return named(&path, file, &default),
                    None => Some((path, file)),
                },
                None => None,
            };
            if let Some(uri) = env(URL).filter(|uri| !uri.trim().is_empty()) {
                return Ok(ChannelConfig::from_uri(URL, &uri, registry.providers(), env)?.into());
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
    let (file, mut problems) =
        ConfigFile::read(&text, folder, registry.providers(), env).map_err(|error| in_file(&path, &error))?;
    if let Err(error) = registry.check(&file) {
        problems.extend(error.problems().iter().cloned());
    }
    // The secrets of the channel in question are looked up, too, so that one run tells everything.
    let wanted = common.channel.as_deref().or(file.default.as_deref()).and_then(|name| file.channels.get(name));
    if let Some(Err(error)) = wanted.map(|channel| registry.check_channel(channel)) {
        let fresh = error.problems().iter().filter(|line| !problems.contains(line)).cloned().collect::<Vec<_>>();
        problems.extend(fresh);
    }
    if problems.is_empty() {
        Ok(Some((path, file)))
    } else {
        let failure = in_file(&path, &Error::invalid(ErrorKind::Config, problems));
        Err(match wanted {
            Some(channel) => Failure::in_channel(failure.error, channel, registry),
            None => failure,
        })
    }
}

fn named(path: &Path, file: ConfigFile, name: &str) -> Result<Found, Failure> {
    if let Some(channel) = file.channels.get(name) {
        return Ok(channel.clone().into());
    }
    if file.failovers.contains_key(name) {
        return Ok(Found::Failover(name.to_owned(), file));
    }
    Err(config(format!("{}: there is no channel `{name}`, known: {}", path.display(), names(&file))))
}

fn names(file: &ConfigFile) -> String {
    if file.channels.is_empty() && file.failovers.is_empty() {
        return "none".to_owned();
    }
    file.channels.keys().chain(file.failovers.keys()).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

fn in_file(path: &Path, error: &Error) -> Failure {
    let lines = error.problems().iter().map(|line| format!("{}: {line}", path.display())).collect();
    Error::invalid(ErrorKind::Config, lines).into()
}

fn config(problem: String) -> Failure {
    Error::invalid(ErrorKind::Config, vec![problem]).into()
}
