//! One file for each command.

pub(crate) mod demo;
pub(crate) mod mock;
pub(crate) mod send;
pub(crate) mod session;
