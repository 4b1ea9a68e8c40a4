//! What the files of this simulator share.

pub(super) const NAME: &str = "messangi";
