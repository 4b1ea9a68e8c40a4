//! Files that others read while they are written, or that only one process may keep.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

/// Replaces the file as a whole: a reader sees the old text or the new one, and a stop in the middle leaves the old one. What
/// people wrote is in these files, so that only their owner may read them.
pub(crate) fn replace(file: &Path, text: &str) -> io::Result<()> {
    let fresh = file.with_extension(format!("tmp-{}", std::process::id()));
    // One that a former process of the same number left could be for everybody to read.
    let _ = std::fs::remove_file(&fresh);
    let written = own_file().create_new(true).open(&fresh).and_then(|mut fresh| fresh.write_all(text.as_bytes()));
    written.and_then(|()| std::fs::rename(&fresh, file))
}

/// Takes a file for this process alone, until what is returned is dropped or the process ends, however that comes; none if
/// another has it. The file itself is replaced again and again, so that a neighbour of it, `NAME.lock`, is what is locked.
pub(crate) fn keep(file: &Path) -> io::Result<Option<File>> {
    let mut neighbour = file.as_os_str().to_owned();
    neighbour.push(".lock");
    let lock = own_file().create(true).open(neighbour)?;
    Ok(lock_alone(&lock)?.then_some(lock))
}

#[cfg(unix)]
fn lock_alone(file: &File) -> io::Result<bool> {
    match rustix::fs::flock(file, rustix::fs::FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(true),
        Err(rustix::io::Errno::WOULDBLOCK) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Elsewhere nobody is kept out.
#[cfg(not(unix))]
fn lock_alone(_: &File) -> io::Result<bool> {
    Ok(true)
}

/// For writing; made readable and writable for its owner.
fn own_file() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}
