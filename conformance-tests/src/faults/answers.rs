//! Answers that contradict themselves, played without sockets: many statuses, bodies and words, and the rules that hold for
//! every one of them.
//!
//! An answer *names a message* if it holds an id where the provider puts ids of accepted messages. Two rules hold for such
//! an answer, whatever else it says: no further send request goes, and the message is not reported as not sent. The
//! exceptions are the lines of [`declared`](declared::DECLARED).

pub(crate) mod answer;
pub(crate) mod case;
pub(crate) mod declared;
pub(crate) mod documented;
pub(crate) mod message_id;
mod scripted_transport;
pub(crate) mod way;
