//! Bodies and queries of calls, read with the same words as the typed methods use, and answers.

use axum::body::Body;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::request::Parts;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::control::read::{from_json, from_json_or_list, from_query};
use crate::core::refusal::Refusal;
use crate::core::response::json_response;

/// A JSON object in the body, whatever its content type. Unknown members are refused.
pub(super) struct Json<T>(pub(super) T);

/// As [`Json`], of a type that takes an array, too.
pub(super) struct JsonOrList<T>(pub(super) T);

/// The query. Unknown parameters are refused.
pub(super) struct Query<T>(pub(super) T);

/// What a call is answered with.
pub(super) type Answer = Result<Response, Refusal>;

#[allow(clippy::unnecessary_wraps, reason = "most calls end with it, and any of them may be refused before")]
pub(super) fn answer(body: &(impl Serialize + ?Sized)) -> Answer {
    Ok(json_response(200, body).map(Body::from))
}

async fn body<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, Refusal> {
    Bytes::from_request(request, state).await.map_err(|error| Refusal::of(400, error.body_text()))
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refusal> {
        Ok(Self(from_json(&body(request, state).await?)?))
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for JsonOrList<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refusal> {
        Ok(Self(from_json_or_list(&body(request, state).await?)?))
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        Ok(Self(from_query(parts.uri.query().unwrap_or_default())?))
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        Self::into_response(self).map(Body::from)
    }
}
