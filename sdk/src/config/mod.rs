//! Configuration: a channel is a configured provider account, written as a TOML table, a URI, or both.

mod channel;
mod common;
#[cfg(all(feature = "reqwest", feature = "toml"))]
mod default;
mod file;
mod layout;
mod problem;
pub(crate) mod provider;
mod reader;
pub(crate) mod registry;
mod templates;
mod uri;
mod values;

pub use channel::{ChannelConfig, Env, process_env, shown_variable};
pub use common::CommonConfig;
pub use file::{ConfigFile, Failover};
pub use layout::UriLayout;
pub use problem::hint;
pub use provider::{ChannelRates, Connect, Connected, Context, Provider};
pub use reader::ConfigReader;
pub use registry::Registry;
#[cfg(feature = "reqwest")]
pub use registry::http_transport;
pub use templates::{ResolvedTemplate, TemplateMapping, TemplateMappings};
