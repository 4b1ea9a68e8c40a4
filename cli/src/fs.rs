//! Atomic writes and lock files.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

/// Replaces the file atomically: a reader sees either the old text or the new text. Only the owner may read the file,
/// because it may hold texts of contacts.
pub(crate) fn write_atomically(file: &Path, text: &str) -> io::Result<()> {
    let fresh = file.with_extension(format!("tmp-{}", std::process::id()));
    // A file left by an earlier process of the same number may be readable by others.
    let _ = std::fs::remove_file(&fresh);
    let written = own_file().create_new(true).open(&fresh).and_then(|mut fresh| fresh.write_all(text.as_bytes()));
    written.and_then(|()| std::fs::rename(&fresh, file))
}

/// Locks `NAME.lock` beside the file until the returned value is dropped or the process ends. Returns `None` if another
/// process has the lock. The file itself cannot be locked, because each write replaces it.
pub(crate) fn lock(file: &Path) -> io::Result<Option<File>> {
    let mut path = file.as_os_str().to_owned();
    path.push(".lock");
    let lock = own_file().create(true).open(path)?;
    Ok(try_lock(&lock)?.then_some(lock))
}

#[cfg(unix)]
fn try_lock(file: &File) -> io::Result<bool> {
    match rustix::fs::flock(file, rustix::fs::FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(true),
        Err(rustix::io::Errno::WOULDBLOCK) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// There is no lock on other systems.
#[cfg(not(unix))]
fn try_lock(_: &File) -> io::Result<bool> {
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
