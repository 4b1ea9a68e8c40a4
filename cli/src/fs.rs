//! Files that several processes may use at once: found through their links, locked, and replaced as a whole.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// More links in a row than this are taken for a circle.
const MOST_LINKS: usize = 40;
/// How long a process that waits for a lock sleeps between two tries.
const PAUSE: Duration = Duration::from_millis(3);

/// A file that processes share. Links to it are followed, so that all its names lead to the same lock and the same text.
#[derive(Clone, Debug)]
pub(crate) struct SharedFile {
    path: PathBuf,
}

/// The right to replace a [`SharedFile`], until it is dropped or the process ends.
#[derive(Debug)]
pub(crate) struct Lock {
    path: PathBuf,
    _lock: File,
}

impl SharedFile {
    /// The file that `named` leads to; it need not exist.
    ///
    /// # Errors
    /// If its folder does not exist, or if it is something else than a file with one name.
    pub(crate) fn find(named: &Path) -> io::Result<Self> {
        let path = target(named)?;
        match std::fs::metadata(&path) {
            Ok(found) if !found.is_file() => Err(invalid("it is not a file")),
            Ok(found) if has_other_names(&found) => {
                Err(invalid("it has several names (hard links), so that it cannot be replaced; expected one name"))
            }
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            _ => Ok(Self { path }),
        }
    }

    /// The text, none if the file does not exist.
    pub(crate) fn read(&self) -> io::Result<Option<String>> {
        match std::fs::read_to_string(&self.path) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Locks the file, and removes what an interrupted write left. Returns `None` if another process has the lock.
    ///
    /// The lock is a file `NAME.lock` beside it, because each write replaces the file itself.
    pub(crate) fn try_lock(&self) -> io::Result<Option<Lock>> {
        let lock = own_file().create(true).truncate(false).open(beside(&self.path, "", ".lock"))?;
        if !is_locked(&lock)? {
            return Ok(None);
        }
        let lock = Lock { path: self.path.clone(), _lock: lock };
        let _ = std::fs::remove_file(lock.fresh());
        Ok(Some(lock))
    }

    /// As [`try_lock`](Self::try_lock), and waits up to `limit` for another process. Blocks the thread.
    pub(crate) fn lock(&self, limit: Duration) -> io::Result<Lock> {
        let start = Instant::now();
        loop {
            if let Some(lock) = self.try_lock()? {
                return Ok(lock);
            }
            if start.elapsed() >= limit {
                let problem = format!("another process has locked it for {} s", limit.as_secs());
                return Err(io::Error::new(ErrorKind::TimedOut, problem));
            }
            std::thread::sleep(PAUSE);
        }
    }
}

impl Lock {
    /// Replaces the file atomically: a reader sees either the old text or the new text. Only the owner may read the file,
    /// because it may hold texts of contacts.
    pub(crate) fn replace(&self, text: &str) -> io::Result<()> {
        self.write(text).and_then(|()| std::fs::rename(self.fresh(), &self.path)).inspect_err(|_| self.clean())
    }

    /// Fails if [`replace`](Self::replace) would fail.
    pub(crate) fn check(&self) -> io::Result<()> {
        let written = self.write("");
        self.clean();
        written
    }

    fn write(&self, text: &str) -> io::Result<()> {
        own_file().create_new(true).open(self.fresh())?.write_all(text.as_bytes())
    }

    fn clean(&self) {
        let _ = std::fs::remove_file(self.fresh());
    }

    /// The temporary file. There is one, which belongs to the process with the lock.
    fn fresh(&self) -> PathBuf {
        beside(&self.path, ".", ".transom-tmp")
    }
}

/// The path that links lead to, in a folder that exists.
fn target(named: &Path) -> io::Result<PathBuf> {
    let mut path = named.to_owned();
    for _ in 0..MOST_LINKS {
        let folder = match path.parent() {
            Some(folder) if folder != Path::new("") => folder.to_owned(),
            _ => PathBuf::from("."),
        };
        if let Ok(link) = std::fs::read_link(&path) {
            path = folder.join(link);
            continue;
        }
        let name = path.file_name().ok_or_else(|| invalid("expected a file"))?;
        let folder = folder.canonicalize().map_err(|error| {
            io::Error::new(error.kind(), format!("the folder `{}` cannot be used: {error}", folder.display()))
        })?;
        return Ok(folder.join(name));
    }
    Err(invalid("its links lead in a circle"))
}

fn beside(path: &Path, before: &str, after: &str) -> PathBuf {
    let mut name = std::ffi::OsString::from(before);
    name.push(path.file_name().unwrap_or_default());
    name.push(after);
    path.with_file_name(name)
}

fn invalid(problem: &str) -> io::Error {
    io::Error::new(ErrorKind::InvalidInput, problem)
}

#[cfg(unix)]
fn has_other_names(file: &std::fs::Metadata) -> bool {
    std::os::unix::fs::MetadataExt::nlink(file) > 1
}

#[cfg(not(unix))]
fn has_other_names(_: &std::fs::Metadata) -> bool {
    false
}

#[cfg(unix)]
fn is_locked(file: &File) -> io::Result<bool> {
    match rustix::fs::flock(file, rustix::fs::FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(true),
        Err(rustix::io::Errno::WOULDBLOCK) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// There is no lock on other systems.
#[cfg(not(unix))]
fn is_locked(_: &File) -> io::Result<bool> {
    Ok(true)
}

/// Opens for writing; a new file is readable and writable only by its owner.
fn own_file() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}
