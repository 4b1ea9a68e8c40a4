//! The commands, one file each.

pub(crate) mod close;
pub(crate) mod conform;
pub(crate) mod demo;
pub(crate) mod doctor;
pub(crate) mod explain;
pub(crate) mod init;
pub(crate) mod listen;
pub(crate) mod lists;
pub(crate) mod mock;
pub(crate) mod new_adapter;
pub(crate) mod plan;
pub(crate) mod reference;
pub(crate) mod send;
pub(crate) mod session;
pub(crate) mod webhook;
