//! Knows whether a message may be at the provider when a signal ends a send.

use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use transom::adapter::Operation;
use transom::layers::{Layer, Next};
use transom::transport::{StreamedBody, Transport};
use transom::{Error, ErrorKind, Message, Receipt};

use crate::output::Failure;
use crate::signals::{Signal, Signals};

/// Watches the requests of sends. It is the innermost layer of a client and wraps its transport.
#[derive(Clone, Debug, Default)]
pub(crate) struct SendWatch(Arc<State>);

#[derive(Debug, Default)]
struct State {
    /// The send requests whose body the HTTP client has begun to write.
    begun: AtomicU32,
    /// One of them may have been accepted.
    is_in_doubt: AtomicBool,
    /// The result is there, and only its printing is left.
    is_over: AtomicBool,
}

impl SendWatch {
    /// `inner`, watched.
    pub(crate) fn transport(&self, inner: Arc<dyn Transport>) -> Arc<dyn Transport> {
        Arc::new(WatchedTransport { inner, watch: self.clone() })
    }

    /// Waits for `work`, or for a signal. A second signal, or one while the result is printed, ends the process.
    pub(crate) async fn until_signal<T>(&self, work: impl Future<Output = T>) -> Result<T, Signal> {
        let (notify, mut first) = tokio::sync::mpsc::channel(1);
        let (watch, mut signals) = (self.clone(), Signals::new());
        tokio::spawn(async move {
            loop {
                let signal = signals.next().await;
                if watch.0.is_over.swap(true, Ordering::Relaxed) {
                    std::process::exit(watch.exit_code(signal).into());
                }
                let _ = notify.send(signal).await;
            }
        });
        tokio::select! {
            biased;
            done = work => {
                self.0.is_over.store(true, Ordering::Relaxed);
                Ok(done)
            }
            // The task that sends them ends with the process.
            Some(signal) = first.recv() => Err(signal),
        }
    }

    /// The failure of a send that `signal` ended.
    pub(crate) fn failure(&self, signal: Signal) -> Failure {
        let error = |message: String| {
            Error::new(ErrorKind::ProviderUnavailable, message).with_attempts(self.0.begun.load(Ordering::Relaxed))
        };
        let name = signal.name();
        if self.is_in_doubt() {
            return error(format!("{name} ended the wait for the provider's response")).maybe_sent().into();
        }
        let error = error(format!("{name} ended the command before a message was sent"));
        Failure::from(error).with_exit_code(signal.exit_code())
    }

    fn is_in_doubt(&self) -> bool {
        self.0.is_in_doubt.load(Ordering::Relaxed)
    }

    fn exit_code(&self, signal: Signal) -> u8 {
        if self.is_in_doubt() { 3 } else { signal.exit_code() }
    }

    fn begin(&self) {
        self.0.is_in_doubt.store(true, Ordering::Relaxed);
        self.0.begun.fetch_add(1, Ordering::Relaxed);
    }
}

#[async_trait]
impl Layer for SendWatch {
    async fn send(&self, message: &Message, next: Next<'_>) -> transom::Result<Receipt> {
        let before = self.is_in_doubt();
        let outcome = next.send(message).await;
        if outcome.as_ref().is_err_and(|error| !error.may_have_been_sent()) {
            self.0.is_in_doubt.store(before, Ordering::Relaxed);
        }
        outcome
    }
}

#[derive(Debug)]
struct WatchedTransport {
    inner: Arc<dyn Transport>,
    watch: SendWatch,
}

#[async_trait]
impl Transport for WatchedTransport {
    async fn send(&self, request: Request<Bytes>) -> transom::Result<Response<Bytes>> {
        if Operation::of(&request) == Operation::Read {
            return self.inner.send(request).await;
        }
        let (parts, body) = request.into_parts();
        if body.is_empty() {
            self.watch.begin();
            return self.inner.send(Request::from_parts(parts, body)).await;
        }
        // The HTTP client reads the body once it is connected.
        let length = u64::try_from(body.len()).unwrap_or(u64::MAX);
        let body = WatchedBody { body: std::io::Cursor::new(body), watch: Some(self.watch.clone()) };
        self.inner.send_streamed(Request::from_parts(parts, StreamedBody::new(length, body))).await
    }

    async fn send_streamed(&self, request: Request<StreamedBody>) -> transom::Result<Response<Bytes>> {
        self.inner.send_streamed(request).await
    }
}

/// Reports the first read.
struct WatchedBody {
    body: std::io::Cursor<Bytes>,
    watch: Option<SendWatch>,
}

impl Read for WatchedBody {
    fn read(&mut self, space: &mut [u8]) -> std::io::Result<usize> {
        if let Some(watch) = self.watch.take() {
            watch.begin();
        }
        self.body.read(space)
    }
}

#[cfg(test)]
mod tests {
    use transom::adapter::Context;
    use transom::config::{ChannelConfig, process_env};

    use super::*;
    use crate::channel::registry;

    /// Reads each request, and answers the first ones with these statuses; the others break.
    #[derive(Debug)]
    struct Provider(std::sync::Mutex<Vec<u16>>);

    #[async_trait]
    impl Transport for Provider {
        async fn send(&self, _: Request<Bytes>) -> transom::Result<Response<Bytes>> {
            match self.0.lock().unwrap().pop() {
                Some(status) => Ok(Response::builder().status(status).body(Bytes::new()).unwrap()),
                None => Err(Error::new(ErrorKind::ProviderUnavailable, "it broke").maybe_sent()),
            }
        }
    }

    #[tokio::test]
    async fn rejected_attempt_leaves_no_doubt() {
        for (statuses, requests, code) in
            [(&[][..], 0, 143), (&[429], 1, 143), (&[429, 0], 1, 3), (&[429, 0, 429], 2, 3), (&[0, 429], 2, 3)]
        {
            let watch = SendWatch::default();
            // A status of 0 is a broken connection.
            for status in statuses {
                let provider = Arc::new(Provider(
                    vec![*status].into_iter().filter(|status| *status > 0).collect::<Vec<_>>().into(),
                ));
                let context =
                    Context { transport: watch.transport(provider), ..Context::new(Arc::new(Provider(vec![].into()))) };
                let uri = "exotel://k:t@default/acme?from=919876500001";
                let config = ChannelConfig::from_uri("a", uri, registry().providers(), process_env()).unwrap();
                let client = registry().connect_with(&config, context).unwrap().layer(watch.clone());
                client.send(&Message::text("+919876543210".parse().unwrap(), "Hi")).await.unwrap_err();
            }
            assert_eq!(watch.exit_code(Signal::Terminate), code, "{statuses:?}");
            let error = watch.failure(Signal::Terminate).error;
            assert_eq!((error.attempts() >= requests, error.may_have_been_sent()), (true, code == 3), "{statuses:?}");
        }
    }
}
