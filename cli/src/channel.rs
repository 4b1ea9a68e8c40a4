//! A configured channel and its client.

use std::io::{IsTerminal as _, Write as _};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use transom::adapter::Context;
use transom::config::ChannelConfig;
use transom::config::http_transport;
use transom::layers::Retry;
use transom::time::{Clock, SystemClock, parse_duration};
use transom::{Client, Error, ErrorKind, Registry};

use crate::args::Common;
use crate::ledger::LedgerFile;
use crate::output::Failure;
use crate::send_watch::SendWatch;

/// A connected channel.
#[derive(Debug)]
pub(crate) struct Channel {
    pub(crate) name: String,
    pub(crate) provider: &'static str,
    pub(crate) client: Client,
    /// The rows of the `--ledger` file at the start: when each contact last wrote.
    pub(crate) ledger: Option<Arc<transom::session::MemoryLedger>>,
    pub(crate) ledger_file: Option<LedgerFile>,
    pub(crate) config: ChannelConfig,
    /// Whether webhook calls need a signature.
    pub(crate) has_webhook_secret: bool,
    /// Whether events without a valid signature open a window.
    pub(crate) trusts_unsigned: bool,
    pub(crate) registry: Registry,
    /// Watches the sends of `client`.
    pub(crate) watch: SendWatch,
}

/// The registry with the built-in providers.
pub(crate) fn registry() -> Registry {
    Registry::default()
        .with_provider(transom_autocalls::PROVIDER)
        .with_provider(transom_exotel::PROVIDER)
        .with_provider(transom_gosendapi::PROVIDER)
        .with_provider(transom_messangi::PROVIDER)
}

/// Connects a channel.
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
    let ledger_file = common.ledger.as_deref().map(LedgerFile::find).transpose()?;
    let ledger = ledger_file.as_ref().map(|file| file.read(&name)).transpose()?.map(Arc::new);
    // A configuration only exists for a provider of the registry.
    let provider = registry.provider(config.provider()).map_err(on)?.name;
    if let Some(timeout) = &common.timeout {
        config = config.with_value("timeout", timeout.as_str());
    }
    if let Some(ledger) = &ledger {
        registry = registry.with_ledger(Arc::clone(ledger) as Arc<dyn transom::session::WindowLedger>);
    }
    let watch = SendWatch::default();
    let on = |error: Error| Failure::in_channel(error, &config, &registry);
    // Read once: `listen` needs both answers for every call.
    let mut keys = config.reader();
    let has_webhook_secret = !keys.common().webhook_secrets.is_empty();
    let trusts_unsigned = keys.flag("trust_unsigned").unwrap_or_default();
    let context = http_transport(keys.common()).map(Context::new).map_err(on)?;
    let client = watched(&registry, &config, context, &watch, |client| client.layer(retry())).map_err(on)?;
    Ok(Channel {
        name,
        provider,
        client,
        ledger,
        ledger_file,
        config,
        has_webhook_secret,
        trusts_unsigned,
        registry,
        watch,
    })
}

/// A client whose sends are watched, below the layers of `layered`.
pub(crate) fn watched(
    registry: &Registry,
    config: &ChannelConfig,
    context: Context,
    watch: &SendWatch,
    layered: impl FnOnce(Client) -> Client,
) -> transom::Result<Client> {
    let transport = watch.transport(context.transport);
    Ok(layered(registry.connect_with(config, Context { transport, clock: context.clock })?).layer(watch.clone()))
}

/// The retry layer, with a notice on a terminal while it waits.
pub(crate) fn retry() -> Retry {
    Retry::default().with_clock(Arc::new(NotifyingClock))
}

/// The system clock. It prints a notice before a wait of two seconds or more.
#[derive(Debug)]
struct NotifyingClock;

#[async_trait]
impl Clock for NotifyingClock {
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }

    async fn sleep(&self, duration: Duration) {
        if duration >= Duration::from_secs(2) && std::io::stderr().is_terminal() {
            let _ = writeln!(std::io::stderr(), "waiting {} s, as the provider asked", duration.as_secs());
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

/// The transport and the clock that the settings of the channel ask for.
pub(crate) fn context(config: &ChannelConfig) -> transom::Result<Context> {
    Ok(Context::new(http_transport(config.reader().common())?))
}
