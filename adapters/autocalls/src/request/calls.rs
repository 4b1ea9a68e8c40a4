//! Requests of the calls that only Autocalls offers.

use bytes::Bytes;
use http::Request;
use transom::Result;
use transom::adapter::{Operation, RequestBuilder};

use super::{get, with_key};
use crate::config::Config;

/// `GET /user/me` [docs, Get current user].
pub(crate) fn encode_current_user(config: &Config) -> Result<Request<Bytes>> {
    get(config, &["me"]).empty(Operation::Read)
}

/// `GET /conversations/{uuid}`, without `/user`. The page's samples have no credential, and one does no harm [docs, Get
/// Conversation].
pub(crate) fn encode_history(config: &Config, id: &str) -> Result<Request<Bytes>> {
    with_key(config, RequestBuilder::get(&config.base_url, &["api", "conversations", id])).empty(Operation::Read)
}
