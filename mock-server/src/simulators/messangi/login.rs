//! `POST /kingslanding/login`: credentials in, a key for 24 hours out, in a header.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http::{Request, Response, StatusCode};

use super::common::{NAME, USER, user_of_print, user_print};
use super::refusal::Refusal;
use crate::core::finding::{Certainty, FindingCollector, Source};
use crate::core::json::Json;
use crate::core::request::{is_json, json_of};
use crate::core::response::{set_header, text_response};
use crate::core::world::World;
use crate::simulators::cloud_api::{FieldError, FieldReader, required_text};

/// The path of the login (Build your API call, docs).
pub(super) const LOGIN_PATH: &str = "/kingslanding/login";
/// How long a key from the login lives (Build your API call, docs).
const LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);
/// The start of such a key. The time of the login follows, the user's fingerprint, and a token that only this mock can
/// derive.
const KEY_PREFIX: &str = "login-";
const PAGE: Source = Source::new("Messangi, Build your API call", Certainty::Docs);

/// The answer has no body; the key is in its `authorization` header. Wrong credentials are a 403 without a body
/// (inferred: no page says it, one public client expects it).
pub(super) fn login(
    world: &World,
    now: SystemTime,
    request: &Request<Bytes>,
    review: &mut FindingCollector,
) -> Result<Response<Bytes>, Refusal> {
    if !is_json(request) {
        review.refused("`Content-Type` is not `application/json`", PAGE);
        return Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "Unsupported Media Type"));
    }
    let Ok(body) = json_of::<Json<'_>>(request.body()) else {
        review.refused("the body is no JSON", PAGE);
        return Err(Refusal::bad("Malformed JSON"));
    };
    let mut form = FieldReader::default();
    let user = credentials(&mut form, &body, world).map_err(|flaw| {
        review.refused(flaw.text(), PAGE);
        Refusal::bad(flaw.text())
    })?;
    if form.report(review, PAGE) {
        return Err(Refusal::bad("Request is not as documented"));
    }
    let refused = world.switch(NAME, "login_error").parse().unwrap_or(403);
    let mut response = text_response(if user.is_some() { 200 } else { refused }, "");
    set_header(&mut response, "content-length", 0);
    if let Some(user) = user {
        let moment = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let mark = derived_token(world, moment, &user);
        set_header(&mut response, "authorization", format!("Bearer {KEY_PREFIX}{moment}-{user}-{mark}"));
        set_header(&mut response, "access-control-expose-headers", "Authorization");
    }
    Ok(response)
}

/// The user's fingerprint, if both credentials are good.
fn credentials(form: &mut FieldReader, body: &Json<'_>, world: &World) -> Result<Option<String>, FieldError> {
    let members = form.object(Some(body), "body", &["username", "password"])?;
    let username = required_text(members, "", "username", usize::MAX)?;
    let password = required_text(members, "", "password", usize::MAX)?;
    Ok(world.accepts_login(username, password).then(|| user_print(username)))
}

/// The parts of a key that looks like those of the login: the time, the user's fingerprint and the token.
fn parts(key: &str) -> Option<(u64, &str, &str)> {
    let rest = key.strip_prefix(KEY_PREFIX)?;
    let (moment, rest) = rest.split_once('-').unwrap_or((rest, ""));
    let (user, mark) = rest.split_once('-').unwrap_or((rest, ""));
    Some((moment.parse().ok()?, user, mark))
}

/// Whether a key is good now: one that looks like those of the login if it is one, for 24 hours after it; any other as the
/// world says.
pub(super) fn lives(world: &World, key: &str, now: SystemTime) -> bool {
    let Some((moment, user, mark)) = parts(key) else { return world.accepts_credential(key) };
    let issued = UNIX_EPOCH.checked_add(Duration::from_secs(moment));
    let age = issued.and_then(|issued| now.duration_since(issued).ok());
    age.is_some_and(|age| age < LIFETIME) && mark == derived_token(world, moment, user)
}

/// The user whose key this is. A key that no login gave out is the account's own user's (inferred).
pub(super) fn user_of(key: &str) -> &str {
    parts(key).map_or(USER, |(_, user, _)| user_of_print(user))
}

fn derived_token(world: &World, moment: u64, user: &str) -> String {
    world.derived_token(&format!("messangi login {moment} {user}"))
}
