//! The facts about an adapter that the fault matrix needs.

use transom::{Capability, ErrorKind};

use super::canary::Canaries;
use crate::adapters::{self, AdapterUnderTest, Refusal};

/// One adapter.
#[derive(Debug)]
pub(crate) struct FaultProfile {
    pub(crate) adapter: &'static AdapterUnderTest,
    /// Its channel URI, with `{host}`.
    pub(crate) uri: fn(&Canaries) -> String,
    /// Its channel URI for [`reads`](Self::reads), if another one.
    pub(crate) reading_uri: fn(&Canaries) -> String,
    /// The planted secrets that its requests contain, in every form in which a provider may repeat them.
    pub(crate) secrets: fn(&Canaries) -> Vec<String>,
    /// The call that sends nothing.
    pub(crate) reads: Reads,
    /// The path of a send request.
    pub(crate) send_path: &'static str,
    /// The documented success with this id, as JSON.
    pub(crate) yes: fn(id: &str) -> String,
    /// The JSON pointer to the id in a success.
    pub(crate) id_at: &'static str,
    /// A documented rejection, with its error kind.
    pub(crate) no: Refusal,
    /// A rejection because of the session window.
    pub(crate) closed: Refusal,
    /// Rejections by a limit of minutes or hours. Such an answer often has no wait.
    pub(crate) slow_limits: &'static [Refusal],
    /// A rejection with a 2xx status, if the provider has one.
    pub(crate) no_inside_yes: Option<Refusal>,
    /// The id of an accepted message, as JSON.
    pub(crate) id: &'static str,
    /// The JSON pointers to the places where the provider puts ids of accepted messages; first that of [`yes`](Self::yes).
    pub(crate) id_places: &'static [&'static str],
    /// The JSON pointers to ids of other things: a request, a conversation.
    pub(crate) other_ids: &'static [&'static str],
}

/// The call that sends nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reads {
    Senders,
    Templates,
    Conversations,
    /// The login before a send. The send itself is not made.
    Login,
}

impl FaultProfile {
    pub(crate) const fn name(&self) -> &'static str {
        self.adapter.provider.name
    }

    /// Whether its sends carry an idempotency key by which the provider removes duplicates.
    pub(crate) fn is_keyed(&self) -> bool {
        self.adapter.capabilities.contains(Capability::Idempotency)
    }
}

pub(crate) const ALL: &[&FaultProfile] = &[&AUTOCALLS, &EXOTEL, &GOSENDAPI, &MESSANGI];

pub(crate) static AUTOCALLS: FaultProfile = FaultProfile {
    adapter: &adapters::AUTOCALLS,
    uri: |c| format!("autocalls://{}@{{host}}?sender_id=12", c.key),
    reading_uri: |c| format!("autocalls://{}@{{host}}?sender_id=12", c.key),
    secrets: |c| vec![c.key.clone()],
    reads: Reads::Senders,
    send_path: "/api/user/whatsapp/send-freeform",
    yes: |id| format!(r#"{{"success":true,"whatsapp_message_id":{id},"message_id":7}}"#),
    id_at: "/whatsapp_message_id",
    no: Refusal::new(
        422,
        r#"{"success":false,"error":"Invalid phone number format.","error_code":"INVALID_PHONE"}"#,
        ErrorKind::RecipientInvalid,
        None,
    ),
    closed: Refusal::new(
        403,
        r#"{"success":false,"error":"closed","error_code":"SESSION_EXPIRED"}"#,
        ErrorKind::SessionExpired,
        None,
    ),
    slow_limits: &[
        slow(422, r#"{"success":false,"error":"x","error_code":"TWILIO_ERROR_63049"}"#),
        slow(422, r#"{"success":false,"error":"(#131049) Withheld"}"#),
        slow(422, r#"{"success":false,"error":"(#131048) Spam rate limit hit"}"#),
    ],
    no_inside_yes: Some(Refusal::new(
        200,
        r#"{"success":false,"error":"closed","error_code":"SESSION_EXPIRED"}"#,
        ErrorKind::SessionExpired,
        None,
    )),
    id: "640077",
    id_places: &["/whatsapp_message_id", "/message_sid", "/message_id"],
    other_ids: &["/conversation_id", "/request_id"],
};

pub(crate) static EXOTEL: FaultProfile = FaultProfile {
    adapter: &adapters::EXOTEL,
    uri: |c| format!("exotel://{}:{}@{{host}}/acme?from=919876500001", c.key, encoded(&c.token)),
    reading_uri: |c| format!("exotel://{}:{}@{{host}}/acme?from=919876500001&waba_id=8", c.key, encoded(&c.token)),
    secrets: |c| vec![c.key.clone(), c.token.clone(), c.pair()],
    reads: Reads::Templates,
    send_path: "/v2/accounts/acme/messages",
    yes: |id| {
        format!(
            r#"{{"response":{{"whatsapp":{{"messages":[{{"code":202,"status":"success","data":{{"sid":{id}}}}}]}}}}}}"#
        )
    },
    id_at: "/response/whatsapp/messages/0/data/sid",
    no: Refusal::new(
        400,
        r#"{"response":{"code":400,"error_data":{"code":1001,"message":"Mandatory Parameter missing"},"status":"failure","data":null}}"#,
        ErrorKind::InvalidRequest,
        None,
    ),
    closed: Refusal::new(
        400,
        r#"{"response":{"code":400,"error_data":{"code":"SESSION_EXPIRED","message":"SESSION_EXPIRED"},"status":"failure","data":null}}"#,
        ErrorKind::SessionExpired,
        None,
    ),
    slow_limits: &[
        slow(
            400,
            r#"{"response":{"code":400,"error_data":{"code":"MESSAGING_LIMIT_REACHED","message":"x"},"status":"failure","data":null}}"#,
        ),
        slow(
            400,
            r#"{"response":{"code":400,"error_data":{"code":131049,"message":"Withheld"},"status":"failure","data":null}}"#,
        ),
        slow(429, r#"{"RestException":{"Status":429,"Message":"(#131048) Spam rate limit hit"}}"#),
    ],
    no_inside_yes: Some(Refusal::new(
        207,
        r#"{"response":{"whatsapp":{"messages":[{"code":403,"error_data":{"code":1003,"message":"no access"},"status":"failure","data":null}]}}}"#,
        ErrorKind::PermissionDenied,
        None,
    )),
    id: "\"7c1e5a90d4b2f83a6be0917243fd5c1a\"",
    id_places: &[
        "/response/whatsapp/messages/0/data/sid",
        "/response/whatsapp/messages/0/data/message_id",
        "/response/data/sid",
        "/response/data/message_id",
        "/response/0/data/sid",
    ],
    other_ids: &["/request_id"],
};

pub(crate) static GOSENDAPI: FaultProfile = FaultProfile {
    adapter: &adapters::GOSENDAPI,
    uri: |c| format!("gosendapi://{}@{{host}}?phone_number_id=555123456789", c.key),
    reading_uri: |c| format!("gosendapi://{}@{{host}}?phone_number_id=555123456789", c.key),
    secrets: |c| vec![c.key.clone()],
    reads: Reads::Conversations,
    send_path: "/v1/messages",
    yes: |id| format!(r#"{{"messaging_product":"whatsapp","messages":[{{"id":{id}}}]}}"#),
    id_at: "/messages/0/id",
    no: Refusal::new(
        400,
        r#"{"statusCode":400,"message":"no","error":"Bad Request","code":"INVALID_PHONE_NUMBER"}"#,
        ErrorKind::RecipientInvalid,
        None,
    ),
    closed: Refusal::new(
        403,
        r#"{"statusCode":403,"message":"Outside the 24h window: only approved templates can be sent","error":"Forbidden"}"#,
        ErrorKind::SessionExpired,
        None,
    ),
    slow_limits: &[
        slow(400, r#"{"error":{"message":"(#131049) Withheld","code":131049}}"#),
        slow(400, r#"{"error":{"message":"(#131048) Spam rate limit hit","code":131048}}"#),
        slow(
            429,
            r#"{"statusCode":429,"message":"Meta refused it","details":{"error_data":{"details":"131049: withheld"}}}"#,
        ),
    ],
    no_inside_yes: None,
    id: "\"wamid.HBgLMzQ2MTEyMjIzMzMVAgARGBI5\"",
    id_places: &["/messages/0/id", "/wamid", "/message_id", "/messageId", "/data/id", "/id"],
    other_ids: &["/request_id"],
};

pub(crate) static MESSANGI: FaultProfile = FaultProfile {
    adapter: &adapters::MESSANGI,
    uri: |c| format!("messangi://{}@{{host}}?from=5215500001111", c.key),
    reading_uri: |c| {
        format!("messangi://{}:{}@{{host}}?from=5215500001111", encoded(&c.username), encoded(&c.password))
    },
    secrets: |c| vec![c.key.clone()],
    reads: Reads::Login,
    send_path: "/oberyn/v2/notification",
    yes: |id| format!(r#"{{"meta":{{"transactionId":"t"}},"data":{{"id":{id},"status":"QUEUED"}}}}"#),
    id_at: "/data/id",
    no: Refusal::new(400, r#"{"errors":{"reason":"request.from not found"}}"#, ErrorKind::SenderNotFound, None),
    closed: Refusal::new(410, r#"{"errors":{"reason":"gone"}}"#, ErrorKind::SessionExpired, None),
    slow_limits: &[
        slow(200, r#"{"data":{"id":"","status":"QUOTA_EXCEEDED"}}"#),
        slow(400, r#"{"errors":{"reason":"(#131049) Withheld"}}"#),
        slow(400, r#"{"errors":{"reason":"(#131048) Spam rate limit hit"}}"#),
    ],
    no_inside_yes: Some(Refusal::new(
        200,
        r#"{"data":{"id":"","status":"BLACKLISTED"}}"#,
        ErrorKind::RecipientInvalid,
        None,
    )),
    id: "\"6c1e0b1d-33a0-4a8f-9b57-0d2f6e5f7c21\"",
    id_places: &["/data/id", "/data/messageId", "/data/0/id", "/id", "/messageId"],
    other_ids: &["/meta/transactionId"],
};

const fn slow(status: u16, body: &'static str) -> Refusal {
    Refusal::new(status, body, ErrorKind::RateLimited, None)
}

/// Percent-encodes a planted credential for a URI.
fn encoded(text: &str) -> String {
    let plain = |c: &char| c.is_ascii_alphanumeric() || *c == '-';
    text.chars().map(|c| if plain(&c) { c.to_string() } else { format!("%{:02X}", u32::from(c)) }).collect()
}
