//! Meta's codes, which come through in refusals and in failed statuses.

use std::time::Duration;

use transom::adapter::ErrorCode;
pub(crate) use transom::adapter::platform_codes::META;

/// The row about `code`.
pub(super) fn fact(code: &str) -> Option<&'static ErrorCode> {
    ErrorCode::find(META, code)
}

/// The wait that a limit implies where it does not state one: waiting less brings the same refusal again.
pub(super) fn least_wait(code: &str) -> Option<Duration> {
    const HOUR: u64 = 3_600;
    match code {
        "131049" => Some(Duration::from_secs(24 * HOUR)),
        "131048" => Some(Duration::from_secs(HOUR)),
        "131056" => Some(Duration::from_secs(6)),
        _ => None,
    }
}
