//! The real clock. Only this module reads it.

use std::time::SystemTime;

pub(super) fn now() -> SystemTime {
    SystemTime::now()
}
