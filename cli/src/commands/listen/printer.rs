//! Writes on a thread of its own, so that a full pipe stops no webhook call.

use std::fmt;
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

use tokio::sync::oneshot;

use crate::output::Line;

/// A call waits this long for its lines to be written. Others are answered meanwhile.
const TIMEOUT: Duration = Duration::from_millis(500);
/// More texts do not wait.
const MOST_WAITING: usize = 256;

/// A stream of lines.
#[derive(Clone)]
pub(super) struct Printer(SyncSender<Job>);

struct Job {
    text: String,
    /// Taken by the first of two: the thread that begins to write, or the call that stops waiting.
    taken: Arc<AtomicBool>,
    done: oneshot::Sender<std::io::Result<()>>,
}

impl Printer {
    pub(super) fn new(stream: impl Write + Send + 'static) -> Self {
        let (jobs, queue) = sync_channel(MOST_WAITING);
        std::thread::spawn(move || write_all(stream, &queue));
        Self(jobs)
    }

    /// Writes `text`, or reports why it cannot be written at the moment.
    pub(super) async fn print(&self, text: String) -> Result<(), String> {
        let (done, written) = oneshot::channel();
        let taken = Arc::new(AtomicBool::new(false));
        let job = Job { text, taken: Arc::clone(&taken), done };
        self.0.try_send(job).map_err(|_| format!("{MOST_WAITING} texts wait for it"))?;
        match tokio::time::timeout(TIMEOUT, written).await {
            Ok(Ok(written)) => written.map_err(|error| error.to_string()),
            Ok(Err(_)) => Err("it is closed".to_owned()),
            Err(_) => {
                taken.store(true, Ordering::Relaxed);
                Err(format!("it took nothing for {} ms", TIMEOUT.as_millis()))
            }
        }
    }

    /// Writes a note, unless too many wait.
    pub(super) fn note(&self, line: impl Into<Line>) {
        let text = format!("{}\n", line.into().as_str());
        let _ = self.0.try_send(Job { text, taken: Arc::default(), done: oneshot::channel().0 });
    }
}

fn write_all(mut stream: impl Write, jobs: &Receiver<Job>) {
    while let Ok(job) = jobs.recv() {
        if !job.taken.swap(true, Ordering::Relaxed) {
            let written = stream.write_all(job.text.as_bytes()).and_then(|()| stream.flush());
            let _ = job.done.send(written);
        }
    }
}

impl fmt::Debug for Printer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Printer")
    }
}
