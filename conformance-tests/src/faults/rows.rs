//! The rows of the matrix, one file for each section.

mod answers;
mod body;
mod common;
mod connect;
mod dns;
mod head;
mod json;
mod reports;
mod reuse;
mod secrets;
mod semantics;
mod status;
mod throttle;
mod tls;
mod write;

use super::row::Row;

/// Every row, in the order of the sections.
pub(crate) fn all() -> impl Iterator<Item = &'static Row> {
    [
        dns::ROWS,
        connect::ROWS,
        tls::ROWS,
        write::ROWS,
        head::ROWS,
        body::ROWS,
        reuse::ROWS,
        status::ROWS,
        answers::ROWS,
        throttle::THROTTLES,
        json::ROWS,
        semantics::MEANINGS,
        throttle::CLOCKS,
        semantics::CROWDS,
        reports::ROWS,
        secrets::ROWS,
    ]
    .into_iter()
    .flatten()
}
