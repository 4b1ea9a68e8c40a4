//! Writes on a thread of its own, so that a full pipe stops no server.

use std::fmt;
use std::io::Write;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;

use crate::output::Line;

/// A call waits this long for its lines to be written. Others are answered meanwhile.
const TIMEOUT: Duration = Duration::from_millis(500);
/// More texts do not wait.
const MOST_WAITING: usize = 4_096;

/// A stream of lines.
#[derive(Clone)]
pub(crate) struct Printer(SyncSender<Job>);

struct Job {
    /// Taken by the first of two: the thread that begins to write, or the call that stops waiting.
    text: Arc<Mutex<Option<String>>>,
    done: oneshot::Sender<std::io::Result<()>>,
}

impl Printer {
    pub(crate) fn new(stream: impl Write + Send + 'static) -> Self {
        let (jobs, queue) = sync_channel(MOST_WAITING);
        std::thread::spawn(move || write_all(stream, &queue));
        Self(jobs)
    }

    /// Writes `text`, or reports why it cannot be written at the moment.
    pub(crate) async fn print(&self, text: String) -> Result<(), String> {
        let (done, written) = oneshot::channel();
        let text = Arc::new(Mutex::new(Some(text)));
        let job = Job { text: Arc::clone(&text), done };
        self.0.try_send(job).map_err(|_| format!("{MOST_WAITING} texts wait for it"))?;
        match tokio::time::timeout(TIMEOUT, written).await {
            Ok(Ok(written)) => written.map_err(|error| error.to_string()),
            Ok(Err(_)) => Err("it is closed".to_owned()),
            Err(_) => {
                take(&text);
                Err(format!("it took nothing for {} ms", TIMEOUT.as_millis()))
            }
        }
    }

    /// Writes a note, unless too many wait.
    pub(crate) fn note(&self, line: impl Into<Line>) {
        let text = format!("{}\n", line.into().as_str());
        let text = Arc::new(Mutex::new(Some(text)));
        let _ = self.0.try_send(Job { text, done: oneshot::channel().0 });
    }
}

fn write_all(mut stream: impl Write, jobs: &Receiver<Job>) {
    while let Ok(job) = jobs.recv() {
        if let Some(text) = take(&job.text) {
            let written = stream.write_all(text.as_bytes()).and_then(|()| stream.flush());
            let _ = job.done.send(written);
        }
    }
}

fn take(text: &Mutex<Option<String>>) -> Option<String> {
    text.lock().unwrap_or_else(PoisonError::into_inner).take()
}

impl fmt::Debug for Printer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Printer")
    }
}
