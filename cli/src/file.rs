//! Files that others read while they are written.

use std::io;
use std::path::Path;

/// Replaces the file as a whole: a reader sees the old text or the new one, and a stop in the middle leaves the old one.
pub(crate) fn replace(file: &Path, text: &str) -> io::Result<()> {
    let fresh = file.with_extension(format!("tmp-{}", std::process::id()));
    std::fs::write(&fresh, text).and_then(|()| std::fs::rename(&fresh, file))
}
