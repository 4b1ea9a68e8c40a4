//! What differs between the adapters, as far as faults are concerned.

use transom::ErrorKind;
use transom::adapter::Provider;

use crate::canary::Canaries;

/// One adapter.
#[derive(Debug)]
pub(crate) struct Subject {
    pub(crate) provider: Provider,
    /// Its channel, at `{host}`.
    pub(crate) uri: fn(&Canaries) -> String,
    /// Its channel for [`reads`](Self::reads), where that is another one.
    pub(crate) reading_uri: fn(&Canaries) -> String,
    /// What of the planted its requests carry, in every form in which a provider may repeat it.
    pub(crate) secrets: fn(&Canaries) -> Vec<String>,
    /// A call that sends nothing.
    pub(crate) reads: Reads,
    /// Whether its sends go under a key by which the provider dedupes.
    pub(crate) is_keyed: bool,
    /// Where it posts messages.
    pub(crate) send_path: &'static str,
    /// The documented yes around this id, which is JSON.
    pub(crate) yes: fn(id: &str) -> String,
    /// Where in a yes its id stands, as a JSON pointer.
    pub(crate) id_at: &'static str,
    /// A documented refusal, which it reads as this kind.
    pub(crate) no: Refusal,
    /// A refusal for the window, likewise.
    pub(crate) closed: Refusal,
    /// A refusal inside a 2xx, if it has any.
    pub(crate) no_inside_yes: Option<Refusal>,
    /// Whether a refusal that names a message is taken for one that may have been sent, whatever its status.
    pub(crate) doubts_a_named_message: bool,
}

/// An answer, and what kind it is.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) body: &'static str,
    pub(crate) kind: ErrorKind,
}

/// Which call it is that sends nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reads {
    Senders,
    Templates,
    Conversations,
    /// The login before a send. The send itself is never made.
    Login,
}

impl Subject {
    pub(crate) const fn name(&self) -> &'static str {
        self.provider.name
    }
}

pub(crate) const ALL: &[&Subject] = &[&AUTOCALLS, &EXOTEL, &GOSENDAPI, &MESSANGI];

pub(crate) static AUTOCALLS: Subject = Subject {
    provider: transom_autocalls::PROVIDER,
    uri: |c| format!("autocalls://{}@{{host}}?sender_id=12", c.key),
    reading_uri: |c| format!("autocalls://{}@{{host}}?sender_id=12", c.key),
    secrets: |c| vec![c.key.clone()],
    reads: Reads::Senders,
    is_keyed: false,
    send_path: "/api/user/whatsapp/send-freeform",
    yes: |id| format!(r#"{{"success":true,"whatsapp_message_id":{id},"message_id":7}}"#),
    id_at: "/whatsapp_message_id",
    no: Refusal {
        status: 422,
        body: r#"{"success":false,"error":"Invalid phone number format.","error_code":"INVALID_PHONE"}"#,
        kind: ErrorKind::RecipientInvalid,
    },
    closed: Refusal {
        status: 403,
        body: r#"{"success":false,"error":"closed","error_code":"SESSION_EXPIRED"}"#,
        kind: ErrorKind::SessionExpired,
    },
    no_inside_yes: Some(Refusal {
        status: 200,
        body: r#"{"success":false,"error":"closed","error_code":"SESSION_EXPIRED"}"#,
        kind: ErrorKind::SessionExpired,
    }),
    doubts_a_named_message: false,
};

pub(crate) static EXOTEL: Subject = Subject {
    provider: transom_exotel::PROVIDER,
    uri: |c| format!("exotel://{}:{}@{{host}}/acme?from=919876500001", c.key, encoded(&c.token)),
    reading_uri: |c| format!("exotel://{}:{}@{{host}}/acme?from=919876500001&waba_id=8", c.key, encoded(&c.token)),
    secrets: |c| vec![c.key.clone(), c.token.clone(), c.pair()],
    reads: Reads::Templates,
    is_keyed: false,
    send_path: "/v2/accounts/acme/messages",
    yes: |id| {
        format!(
            r#"{{"response":{{"whatsapp":{{"messages":[{{"code":202,"status":"success","data":{{"sid":{id}}}}}]}}}}}}"#
        )
    },
    id_at: "/response/whatsapp/messages/0/data/sid",
    no: Refusal {
        status: 400,
        body: r#"{"response":{"code":400,"error_data":{"code":1001,"message":"Mandatory Parameter missing"},"status":"failure","data":null}}"#,
        kind: ErrorKind::InvalidRequest,
    },
    closed: Refusal {
        status: 400,
        body: r#"{"response":{"code":400,"error_data":{"code":"SESSION_EXPIRED","message":"SESSION_EXPIRED"},"status":"failure","data":null}}"#,
        kind: ErrorKind::SessionExpired,
    },
    no_inside_yes: Some(Refusal {
        status: 207,
        body: r#"{"response":{"whatsapp":{"messages":[{"code":403,"error_data":{"code":1003,"message":"no access"},"status":"failure","data":null}]}}}"#,
        kind: ErrorKind::PermissionDenied,
    }),
    doubts_a_named_message: true,
};

pub(crate) static GOSENDAPI: Subject = Subject {
    provider: transom_gosendapi::PROVIDER,
    uri: |c| format!("gosendapi://{}@{{host}}?phone_number_id=555123456789", c.key),
    reading_uri: |c| format!("gosendapi://{}@{{host}}?phone_number_id=555123456789", c.key),
    secrets: |c| vec![c.key.clone()],
    reads: Reads::Conversations,
    is_keyed: true,
    send_path: "/v1/messages",
    yes: |id| format!(r#"{{"messaging_product":"whatsapp","messages":[{{"id":{id}}}]}}"#),
    id_at: "/messages/0/id",
    no: Refusal {
        status: 400,
        body: r#"{"statusCode":400,"message":"no","error":"Bad Request","code":"INVALID_PHONE_NUMBER"}"#,
        kind: ErrorKind::RecipientInvalid,
    },
    closed: Refusal {
        status: 403,
        body: r#"{"statusCode":403,"message":"Outside the 24h window: only approved templates can be sent","error":"Forbidden"}"#,
        kind: ErrorKind::SessionExpired,
    },
    no_inside_yes: None,
    doubts_a_named_message: false,
};

pub(crate) static MESSANGI: Subject = Subject {
    provider: transom_messangi::PROVIDER,
    uri: |c| format!("messangi://{}@{{host}}?from=5215500001111", c.key),
    reading_uri: |c| {
        format!("messangi://{}:{}@{{host}}?from=5215500001111", encoded(&c.username), encoded(&c.password))
    },
    secrets: |c| vec![c.key.clone()],
    reads: Reads::Login,
    is_keyed: false,
    send_path: "/oberyn/v2/notification",
    yes: |id| format!(r#"{{"meta":{{"transactionId":"t"}},"data":{{"id":{id},"status":"QUEUED"}}}}"#),
    id_at: "/data/id",
    no: Refusal {
        status: 400,
        body: r#"{"errors":{"reason":"request.from not found"}}"#,
        kind: ErrorKind::SenderNotFound,
    },
    closed: Refusal { status: 410, body: r#"{"errors":{"reason":"gone"}}"#, kind: ErrorKind::SessionExpired },
    no_inside_yes: Some(Refusal {
        status: 200,
        body: r#"{"data":{"id":"","status":"BLACKLISTED"}}"#,
        kind: ErrorKind::RecipientInvalid,
    }),
    doubts_a_named_message: false,
};

/// Percent-encoded for a URI, as far as the planted credentials need it.
fn encoded(text: &str) -> String {
    let plain = |c: &char| c.is_ascii_alphanumeric() || *c == '-';
    text.chars().map(|c| if plain(&c) { c.to_string() } else { format!("%{:02X}", u32::from(c)) }).collect()
}
