//! Selects the channel of a command: from `--channel`, the configuration file or the environment.

use std::collections::BTreeSet;
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};

use transom::config::{ChannelConfig, ConfigFile, Env, hint, process_env, shown_variable};
use transom::{Client, Error, ErrorKind, PhoneNumber, Registry};

use crate::args::Common;
use crate::channel::{self, Channel, registry};
use crate::failover::Failover;
use crate::output::{Failure, Output};

/// The default of `--config`.
pub(crate) const FILE: &str = "transom.toml";
/// The environment variable with a channel's URI, used if neither `--channel` nor the file names a channel.
const URL: &str = "TRANSOM_URL";

/// What a command sends through.
#[derive(Debug)]
pub(crate) enum Target {
    Channel(Box<Channel>),
    Failover(Failover),
}

impl Target {
    /// The channel that is tried first for `contact`.
    pub(crate) fn first_for(self, contact: &PhoneNumber) -> Result<Channel, Failure> {
        match self {
            Self::Channel(channel) => Ok(*channel),
            Self::Failover(failover) => failover.into_first_for(contact),
        }
    }

    /// The channel. A failover channel is refused.
    pub(crate) fn single(self) -> Result<Channel, Failure> {
        match self {
            Self::Channel(channel) => Ok(*channel),
            Self::Failover(failover) => Err(config(format!(
                "channel `{}` is a failover channel, and this command needs a single channel; name one of {}",
                failover.name,
                failover.channels.iter().map(|channel| format!("`{}`", channel.name)).collect::<Vec<_>>().join(", ")
            ))),
        }
    }

    const fn client(&self) -> &Client {
        match self {
            Self::Channel(channel) => &channel.client,
            Self::Failover(failover) => &failover.client,
        }
    }
}

/// Connects the selected channel. A failover channel is refused.
pub(crate) fn open(common: &Common, output: &Output) -> Result<Channel, Failure> {
    connect(common, output)?.single()
}

/// Connects the selected channel, and reads the arguments with its client. A problem of the arguments comes first, unless
/// the channel would have read them with its `default_country`.
pub(crate) fn connect_for<T>(
    common: &Common,
    output: &Output,
    read: impl FnOnce(Option<&Client>) -> Result<T, Failure>,
) -> Result<(Target, T), Failure> {
    let target = connect(common, output);
    match (read(target.as_ref().ok().map(Target::client)), target) {
        (Ok(read), Ok(target)) => Ok((target, read)),
        (_, Err(failure)) if failure.error.problems().iter().any(|line| line.contains("default_country: ")) => {
            Err(failure)
        }
        (Err(failure), _) | (Ok(_), Err(failure)) => Err(failure),
    }
}

/// Connects the selected channel or failover channel.
pub(crate) fn connect(common: &Common, output: &Output) -> Result<Target, Failure> {
    match find(common, &registry(), output)? {
        Found::Channel(config) => {
            let channel = channel::connect(common, config)?;
            // In a script, `doctor` tells.
            if let Some(warning) = channel.client.warning().filter(|_| std::io::stderr().is_terminal()) {
                output.note(format!("warning: {}: {warning}", channel.name));
            }
            Ok(Target::Channel(Box::new(channel)))
        }
        Found::Failover(name, file) => Failover::connect(common, name, &file).map(Target::Failover),
    }
}

/// The configurations of the selected channel, or else of all channels of the file. For a failover channel, those of its
/// members.
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

/// The result of a search by name.
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
        let problem = if named.is_dir() { "it is a folder, expected a file" } else { "no such file" };
        return Err(config(format!("--config {}: {problem}", named.display())));
    }
    match common.channel.as_deref() {
        Some(uri) if uri.contains("://") => {
            output.note("warning: the process list shows this URI with its credential; put the URI into an environment variable and pass @NAME");
            let scheme = uri.split("://").next().unwrap_or_default();
            let name =
                registry.providers().iter().find(|provider| provider.name == scheme).map_or("uri", |known| known.name);
            Ok(ChannelConfig::from_uri(name, uri, registry.providers(), env)?.into())
        }
        Some(reference) if reference.starts_with('@') => {
            let variable = reference.trim_start_matches('@');
            let uri = variable_of(variable).map_err(|problem| config(format!("--channel @NAME: {problem}")))?;
            let uri = uri.ok_or_else(|| {
                config(format!("--channel @NAME: the environment variable {} is not set", shown_variable(variable)))
            })?;
            Ok(ChannelConfig::from_uri(reference, &uri, registry.providers(), env)?.into())
        }
        Some(name) if name.contains([':', '@']) && !is_in_file(common, registry, &env, name)? => Err(config(
            "--channel: it is no URI, which has `://` behind the provider's name, and it is not shown, since it may hold a \
             credential; expected the name of a channel, @NAME, or a URI such as exotel://KEY:TOKEN@default/ACCOUNT_SID"
                .to_owned(),
        )),
        Some(name) => {
            let (path, file) = load(common, registry, &env)?.ok_or_else(|| {
                config(format!(
                    "--channel {name}: no {FILE} in this folder; name a file with --config, or pass a URI as @NAME"
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
            if let Some(uri) = variable_of(URL).map_err(config)?.filter(|uri| !uri.trim().is_empty()) {
                return Ok(ChannelConfig::from_uri(URL, &uri, registry.providers(), env)?.into());
            }
            if let Some((path, file)) = &file
                && let Some(only) = file.only_channel()
            {
                return named(path, file.clone(), only);
            }
            Err(config(match &file {
                Some((path, file)) => format!(
                    "no channel is selected: pass --channel, set `default` in {}, or set {URL}; known: {}",
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

/// Whether the configuration file has a channel of this name.
fn is_in_file(common: &Common, registry: &Registry, env: &Env, name: &str) -> Result<bool, Failure> {
    let file = load(common, registry, env)?;
    Ok(file.is_some_and(|(_, file)| file.channels.contains_key(name) || file.failovers.contains_key(name)))
}

/// The failover channels of the file, with their members, unless a single channel is named.
pub(crate) fn failovers(common: &Common) -> Result<Vec<(String, Vec<String>)>, Failure> {
    if common.channel.is_some() {
        return Ok(Vec::new());
    }
    let file = load(common, &registry(), &process_env())?.map(|(_, file)| file.failovers).unwrap_or_default();
    let members = file
        .into_iter()
        .map(|(name, failover)| (name, failover.members.into_iter().map(|(member, _)| member).collect()));
    Ok(members.collect())
}

/// The value of an environment variable, none if it is not set.
pub(crate) fn variable_of(name: &str) -> Result<Option<String>, String> {
    match std::env::var(name) {
        Ok(value) => Ok(Some(value)),
        Err(std::env::VarError::NotPresent) => Ok(None),
        Err(std::env::VarError::NotUnicode(_)) => {
            Err(format!("the environment variable {} is not UTF-8", shown_variable(name)))
        }
    }
}

/// Reads the configuration file. Without `--config`, a missing file is no error.
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
    // Also checks the secrets of the selected channel, so that one run reports all problems.
    let wanted = common.channel.as_deref().or(file.default.as_deref()).and_then(|name| file.channels.get(name));
    if let Some(Err(error)) = wanted.map(|channel| registry.check_channel(channel)) {
        let known: BTreeSet<&String> = problems.iter().collect();
        let fresh = error.problems().iter().filter(|line| !known.contains(line)).cloned().collect::<Vec<_>>();
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
    let known = file.channels.keys().chain(file.failovers.keys()).map(String::as_str);
    Err(config(format!("{}: no channel `{name}`{}, known: {}", path.display(), hint(name, known), names(&file))))
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
