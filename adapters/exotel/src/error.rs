//! Exotel's codes. The same number means different things in different places, so each place has a table of its own.

use std::time::SystemTime;

use bytes::Bytes;
use http::{Response, StatusCode};
use transom::rate_limit::RateLimit;
use transom::transport::{kind_of, sent_of};
use transom::{Certainty, CodeFact, Content, Error, ErrorKind, Message, Purpose, Sent, json, transport};

use crate::wire::{Answer, ErrorData, items};

/// Every table.
pub(crate) const CODES: &[&[CodeFact]] = &[ANSWERS, CALLBACKS, EVENTS];

/// The codes of answers: `error_data.code` and `RestException.Code`.
pub(crate) const ANSWERS: &[CodeFact] = {
    use Certainty::{Docs, Field, Inferred, Seed};
    use ErrorKind as K;
    const SESSIONS: &str = "developer.exotel.com/docs/whatsapp-support/session-messages";
    const MEDIA: &str = "developer.exotel.com/docs/whatsapp-support/media-messages";
    const LIMITS: &str = "developer.exotel.com/docs/whatsapp-support/messaging-limits";
    const SISTER: &str = "github.com/exotel/exotel-vsip-trunk-Configuration-API (a sister v2 API)";
    const RATES: &str = "developer.exotel.com/docs/advanced-config/rate-limiting";
    &[
        row("SESSION_EXPIRED", "the 24-hour window has closed", None, K::SessionExpired, SESSIONS, Seed),
        row(
            "NO_ACTIVE_SESSION",
            "the customer has never messaged this number",
            None,
            K::NoActiveSession,
            SESSIONS,
            Seed,
        ),
        row("MESSAGE_TYPE_NOT_SUPPORTED", "not allowed in a session", None, K::Unsupported, SESSIONS, Seed),
        row("1000", "wrong account sid, path or region", Some(404), K::NotFound, SISTER, Inferred),
        row("1001", "mandatory parameter missing", Some(400), K::InvalidRequest, SISTER, Field),
        row("1002", "invalid parameter", Some(400), K::InvalidRequest, SISTER, Inferred),
        row("1003", "no access", Some(403), K::PermissionDenied, SISTER, Inferred),
        row("1007", "the body cannot be parsed", Some(400), K::InvalidRequest, SISTER, Inferred),
        row("1008", "conflict or duplicate", Some(409), K::Conflict, SISTER, Inferred),
        row("1010", "bad key or token, or the wrong region", Some(401), K::Unauthenticated, SISTER, Inferred),
        row("1011", "content type", Some(415), K::InvalidRequest, SISTER, Inferred),
        row("RATE_LIMIT_EXCEEDED", "throttled", Some(429), K::RateLimited, RATES, Docs),
        row("MEDIA_DOWNLOAD_FAILED", "", None, K::InvalidRequest, MEDIA, Docs),
        row("MEDIA_TYPE_NOT_SUPPORTED", "", None, K::InvalidRequest, MEDIA, Docs),
        row("MEDIA_SIZE_EXCEEDED", "", None, K::InvalidRequest, MEDIA, Docs),
        row("INVALID_MEDIA_URL", "", None, K::InvalidRequest, MEDIA, Docs),
        row("MEDIA_PROCESSING_ERROR", "", None, K::InvalidRequest, MEDIA, Docs),
        row("MESSAGING_LIMIT_REACHED", "the tier's cap on new customers a day", None, K::RateLimited, LIMITS, Docs),
        row("BUSINESS_NOT_VERIFIED", "", None, K::PermissionDenied, LIMITS, Docs),
    ]
};

/// The codes of delivery callbacks, `exo_status_code` with `exo_detailed_status`. An older page gives the same numbers
/// other meanings without names, so a name decides before a number (docs, WhatsApp Status Codes).
pub(crate) const CALLBACKS: &[CodeFact] = {
    use ErrorKind as K;
    &[
        callback("30004", "EX_SYSTEM_ERROR", K::ProviderUnavailable),
        callback("30005", "EX_NUMBER_ERROR", K::RecipientInvalid),
        callback("30006", "EX_SETUP_ERROR", K::SenderUnavailable),
        callback("30007", "EX_RATE_LIMIT_HIT", K::RateLimited),
        callback("30008", "EX_SPAM_RATE_LIMIT_HIT", K::RateLimited),
        callback("30009", "EX_TOO_MANY_REQUEST", K::RateLimited),
        callback("30010", "EX_INVALID_REQUEST", K::InvalidRequest),
        in_doubt("30011", "EX_UNKNOWN_ERROR", K::ProviderUnavailable),
        callback("30012", "EX_INVALID_RECIPIENT", K::RecipientInvalid),
        callback("30013", "EX_INCAPABLE_RECIPIENT", K::RecipientInvalid),
        callback("30014", "EX_RECIPIENT_BLOCKED", K::RecipientInvalid),
        callback("30015", "EX_UNSUPPORTED_MESSAGE", K::Unsupported),
        callback("30016", "EX_MEDIA_DOWNLOAD_ERROR", K::InvalidRequest),
        callback("30017", "EX_MEDIA_UPLOAD_ERROR", K::InvalidRequest),
        callback("30018", "EX_REENGAGEMENT_ERROR", K::SessionExpired),
        callback("30019", "EX_INVALID_PARAM", K::InvalidRequest),
        callback("30020", "EX_MISSING_PARAM", K::InvalidRequest),
        callback("30021", "EX_INVALID_PARAM_VALUE", K::InvalidRequest),
        callback("30022", "EX_TEMPLATE_ERROR", K::TemplateRejected),
        callback("30023", "EX_TEMPLATE_PARAM_ERROR", K::TemplateRejected),
        callback("30024", "EX_TEMPLATE_NOT_FOUND", K::TemplateRejected),
        callback("30025", "EX_TEMPLATE_TEXT_TOO_LONG", K::TemplateRejected),
        callback("30026", "EX_INVALID_TEMPLATE_NAMESPACE", K::TemplateRejected),
        callback("30027", "EX_MESSAGE_PENDING_TOO_LONG", K::ProviderUnavailable),
        callback("30028", "EX_MESSAGE_EXPIRED", K::ProviderUnavailable),
        callback("30029", "EX_MESSAGE_TOO_LONG", K::InvalidRequest),
        callback("30030", "EX_WEBHOOK_ERROR", K::SenderUnavailable),
        callback("30031", "EX_SECTION_COUNT_ERROR", K::InvalidRequest),
        callback("30032", "EX_ROWS_COUNT_ERROR", K::InvalidRequest),
        callback("30033", "EX_PRODUCT_COUNT_ERROR", K::InvalidRequest),
        callback("30034", "EX_CATALOGUE_NOT_FOUND", K::InvalidRequest),
        callback("30035", "EX_CATALOGUE_NOT_LINKED", K::InvalidRequest),
        callback("30036", "EX_MISSING_PRODUCT", K::InvalidRequest),
        callback("30037", "EX_PRODUCT_NOT_FOUND", K::InvalidRequest),
        callback("30038", "EX_PRODUCT_COMPLIANCE_ERROR", K::InvalidRequest),
        callback("30039", "EX_INVALID_HEADER", K::InvalidRequest),
        callback("30040", "EX_MISSING_COMPLIANCE", K::InvalidRequest),
        callback("30041", "EX_CHAR_POLICY_VIOLATION", K::InvalidRequest),
        CodeFact {
            certainty: Certainty::Field,
            source: "reported by integrations; on no page",
            ..callback("EX_RESTRICTED_BY_META", "EX_RESTRICTED_BY_META", K::RateLimited)
        },
    ]
};

/// The codes of the event dialects' `errors[].code`, a third numbering (docs, WhatsApp Status Codes (support)).
pub(crate) const EVENTS: &[CodeFact] = {
    use ErrorKind as K;
    &[
        event("0", K::Unauthenticated),
        event("1", K::Unauthenticated),
        event("2", K::PermissionDenied),
        event("100", K::InvalidRequest),
        event("101", K::InvalidRequest),
        event("103", K::InvalidRequest),
        event("105", K::InvalidRequest),
        event("102", K::RecipientInvalid),
        event("104", K::Unsupported),
        event("400", K::RateLimited),
        event("401", K::RateLimited),
        event("470", K::RateLimited),
        event("1000", K::InsufficientBalance),
        event("1001", K::PermissionDenied),
        event("1002", K::SenderNotFound),
        event("1003", K::SenderUnavailable),
        event("2000", K::TemplateRejected),
        event("2001", K::TemplateRejected),
        event("2002", K::TemplateRejected),
        event("2003", K::TemplateRejected),
        event("2004", K::TemplateRejected),
        event("2005", K::TemplateRejected),
        event("2006", K::TemplateRejected),
        event("130429", K::RateLimited),
        event("131048", K::RateLimited),
        event("130472", K::ProviderUnavailable),
        event("130497", K::ProviderUnavailable),
        event("131000", K::ProviderUnavailable),
        event("131016", K::ProviderUnavailable),
        event("131005", K::PermissionDenied),
        event("131042", K::PermissionDenied),
        event("131008", K::InvalidRequest),
        event("131009", K::InvalidRequest),
        event("131045", K::InvalidRequest),
        event("131052", K::InvalidRequest),
        event("131053", K::InvalidRequest),
        event("131021", K::RecipientInvalid),
        event("131026", K::RecipientInvalid),
        event("131047", K::SessionExpired),
        event("131051", K::Unsupported),
    ]
};

const fn callback(code: &'static str, name: &'static str, kind: ErrorKind) -> CodeFact {
    row(code, name, None, kind, "developer.exotel.com/docs/whatsapp-api/api-reference/status-codes", Certainty::Docs)
}

/// A callback that says that nobody knows.
const fn in_doubt(code: &'static str, name: &'static str, kind: ErrorKind) -> CodeFact {
    CodeFact { sent: Sent::Maybe, ..callback(code, name, kind) }
}

const fn event(code: &'static str, kind: ErrorKind) -> CodeFact {
    row(code, "", None, kind, "developer.exotel.com/docs/whatsapp-support/status-codes", Certainty::Docs)
}

const fn row(
    code: &'static str,
    name: &'static str,
    status: Option<u16>,
    kind: ErrorKind,
    source: &'static str,
    certainty: Certainty,
) -> CodeFact {
    CodeFact { code, name, status, kind, sent: Sent::No, source, certainty, date: "2026-11-21" }
}

/// What an answer says of a failure: its code, and its words.
#[derive(Default)]
pub(crate) struct Said {
    code: Option<String>,
    words: Vec<String>,
}

impl Said {
    /// What an `error_data` object says.
    pub(crate) fn of(data: &ErrorData) -> Self {
        let words = [&data.message, &data.description].into_iter().flatten().cloned().collect();
        Self { code: data.code.clone(), words }
    }

    /// What the body of a refusal says, in whichever dialect it is written.
    fn of_answer(answer: &Answer) -> Self {
        let verdicts = answer.response.as_deref().and_then(items).unwrap_or_default();
        if let Some(first) = verdicts.first() {
            return first.said();
        }
        if let Some(exception) = &answer.rest_exception {
            return Self { code: exception.code.clone(), words: exception.message.iter().cloned().collect() };
        }
        if let Some(error) = &answer.error {
            return Self::of(error);
        }
        Self { code: answer.code.clone(), words: answer.message.iter().cloned().collect() }
    }

    /// The row about it. The window's symbols count wherever they stand, since no page shows their place (seed).
    fn fact(&self) -> Option<&'static CodeFact> {
        let symbol = self.words.iter().find_map(|text| {
            let mut tokens = text.split(|c: char| !(c.is_ascii_uppercase() || c == '_'));
            tokens.find_map(|token| ANSWERS.iter().find(|fact| fact.certainty == Certainty::Seed && fact.code == token))
        });
        symbol.or_else(|| CodeFact::find(ANSWERS, self.code.as_deref()?))
    }

    fn text(&self, or: &str) -> String {
        if self.words.is_empty() { or.to_owned() } else { self.words.join(": ") }
    }
}

/// The error for an answer that is no 2xx.
pub(crate) fn refusal(response: &Response<Bytes>, now: SystemTime, message: &Message) -> Error {
    let status = response.status();
    let said = Said::of_answer(&json::decode_lenient(response));
    let excerpt = json::excerpt(response.body());
    let error = transport::refusal(status, Purpose::Send, said.text(&excerpt));
    let error = by_table(error, &said, message);
    match RateLimit::of(response.headers(), now).wait() {
        Some(wait) if error.kind() == ErrorKind::RateLimited => error.with_retry_after(wait),
        _ => error,
    }
}

/// The error for a failed message inside a 2xx. Without a code that is known, the message's own status says what it
/// would say as an answer's; without that, a success with a failure inside proves nothing.
pub(crate) fn of_item(item: Option<StatusCode>, said: &Said, status: StatusCode, message: &Message) -> Error {
    let text = said.text("the message was not taken");
    let error = match item {
        Some(item) if !item.is_success() => match sent_of(item) {
            Sent::No => Error::new(kind_of(item), text),
            Sent::Maybe => Error::new(kind_of(item), text).maybe_sent(),
        },
        _ => Error::new(ErrorKind::InvalidRequest, text).maybe_sent(),
    };
    by_table(error.with_status(status), said, message)
}

/// Lets the table correct what the status said, and the words what the table said.
fn by_table(error: Error, said: &Said, message: &Message) -> Error {
    let error = match said.fact() {
        // A gateway's 5xx is no refusal, whatever words it carries.
        Some(fact) if error.status().is_some_and(|status| status >= 500) => error.with_code(fact.code),
        // A documented code is a documented refusal: nothing was sent.
        Some(fact) => error.with_kind(fact.kind).unsent().with_code(fact.code),
        None => error.with_code(said.code.clone().unwrap_or_default()),
    };
    match refined(error.kind(), said, message) {
        Some(kind) => error.with_kind(kind),
        None => error,
    }
}

/// An invalid parameter is the recipient's fault if the words begin with `to`, the sender's if with `from` (inferred);
/// a refused template is answered with a plain 400 (docs, Template Messages).
fn refined(kind: ErrorKind, said: &Said, message: &Message) -> Option<ErrorKind> {
    if kind != ErrorKind::InvalidRequest {
        return None;
    }
    let mut tokens =
        said.words.iter().map(|text| text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|t| !t.is_empty()));
    let blames = |field: &str| tokens.clone().any(|mut tokens| tokens.next() == Some(field));
    let is_template = matches!(message.content, Content::Template(_));
    if said.code.as_deref() == Some("1002") && blames("to") {
        Some(ErrorKind::RecipientInvalid)
    } else if said.code.as_deref() == Some("1002") && blames("from") {
        Some(ErrorKind::SenderNotFound)
    } else if is_template && tokens.any(|mut tokens| tokens.any(|token| token.eq_ignore_ascii_case("template"))) {
        Some(ErrorKind::TemplateRejected)
    } else {
        None
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use transom::request::BaseUrl;
    use transom::{Secret, Template};

    use super::*;
    use crate::Config;

    pub(crate) fn config() -> Config {
        Config {
            api_key: Secret::new("key"),
            api_token: Secret::new("token"),
            account_sid: "acme".into(),
            from: "+919876500001".parse().unwrap(),
            base_url: BaseUrl::parse("https://api.in.exotel.com").unwrap(),
            request_shape: crate::RequestShape::Auto,
            probe: true,
            webhook_secrets: Vec::new(),
            templates: transom::config::TemplateMappings::default(),
            waba_id: None,
        }
    }

    pub(crate) fn answer(status: u16, body: &str) -> Response<Bytes> {
        Response::builder().status(status).body(Bytes::copy_from_slice(body.as_bytes())).unwrap()
    }

    fn refused(status: u16, body: &str, message: &Message) -> Error {
        refusal(&answer(status, body), SystemTime::UNIX_EPOCH, message)
    }

    fn text() -> Message {
        Message::text("+919876543210".parse().unwrap(), "Hi")
    }

    fn error_data(code: &str, text: &str) -> String {
        format!(
            r#"{{"response":{{"code":400,"error_data":{{"code":{code},"message":"{text}"}},"status":"failure","data":null}}}}"#
        )
    }

    #[test]
    fn every_documented_answer_has_its_kind_and_proves_that_nothing_was_sent() {
        for fact in ANSWERS {
            let status = fact.status.unwrap_or(400);
            let error = refused(status, &error_data(&format!("\"{}\"", fact.code), "words"), &text());
            assert_eq!((error.kind(), error.sent()), (fact.kind, Sent::No), "{}", fact.code);
            assert_eq!(error.code(), Some(fact.code));
            assert_eq!(error.status(), Some(status));
        }
    }

    #[test]
    fn a_code_may_be_a_number_or_a_text() {
        for code in ["1002", "\"1002\""] {
            assert_eq!(refused(400, &error_data(code, "x"), &text()).code(), Some("1002"));
        }
    }

    #[test]
    fn the_windows_symbols_count_wherever_they_stand() {
        for body in [
            error_data("\"NO_ACTIVE_SESSION\"", "x"),
            error_data("400", "NO_ACTIVE_SESSION"),
            r#"{"response":{"error_data":{"description":"refused: NO_ACTIVE_SESSION (no chat)"},"status":"failure"}}"#
                .into(),
            r#"{"RestException":{"Status":403,"Message":"x","Code":"NO_ACTIVE_SESSION"}}"#.into(),
            r#"{"code":"NO_ACTIVE_SESSION"}"#.into(),
            r#"{"error":{"code":"NO_ACTIVE_SESSION"}}"#.into(),
        ] {
            assert_eq!(refused(403, &body, &text()).kind(), ErrorKind::NoActiveSession, "{body}");
        }
        assert_eq!(refused(403, &error_data("1", "no_active_session"), &text()).kind(), ErrorKind::PermissionDenied);
    }

    #[test]
    fn the_words_tell_whose_number_a_bad_parameter_is() {
        for (words, kind) in [
            ("to is not valid", ErrorKind::RecipientInvalid),
            ("from is not valid", ErrorKind::SenderNotFound),
            ("unable to read from the body", ErrorKind::InvalidRequest),
        ] {
            assert_eq!(refused(400, &error_data("1002", words), &text()).kind(), kind, "{words}");
        }
    }

    #[test]
    fn a_400_about_a_template_is_the_templates_fault_on_a_template_send_only() {
        let template = Message::template("+919876543210".parse().unwrap(), Template::new("t", "en"));
        let body = error_data("1002", "template is not approved");
        assert_eq!(refused(400, &body, &template).kind(), ErrorKind::TemplateRejected);
        assert_eq!(refused(400, &body, &text()).kind(), ErrorKind::InvalidRequest);
    }

    #[test]
    fn without_a_known_code_the_status_decides_and_no_body_hides_it() {
        for body in ["", "<html>Bad gateway</html>", "{", "[[[["] {
            for (status, kind, sent) in [
                (400, ErrorKind::InvalidRequest, Sent::No),
                (401, ErrorKind::Unauthenticated, Sent::No),
                (402, ErrorKind::InsufficientBalance, Sent::No),
                (403, ErrorKind::PermissionDenied, Sent::No),
                (404, ErrorKind::NotFound, Sent::No),
                (408, ErrorKind::ProviderUnavailable, Sent::Maybe),
                (409, ErrorKind::Conflict, Sent::Maybe),
                (429, ErrorKind::RateLimited, Sent::No),
                (500, ErrorKind::ProviderUnavailable, Sent::Maybe),
                (502, ErrorKind::ProviderUnavailable, Sent::Maybe),
                (503, ErrorKind::ProviderUnavailable, Sent::Maybe),
                (302, ErrorKind::MalformedResponse, Sent::No),
                (303, ErrorKind::MalformedResponse, Sent::Maybe),
            ] {
                let error = refused(status, body, &text());
                assert_eq!((error.kind(), error.sent()), (kind, sent), "{status} {body}");
            }
        }
    }

    #[test]
    fn a_5xx_stays_in_doubt_whatever_words_it_carries() {
        let error = refused(503, &error_data("\"SESSION_EXPIRED\"", "x"), &text());
        assert_eq!((error.kind(), error.sent()), (ErrorKind::ProviderUnavailable, Sent::Maybe));
        assert_eq!(error.code(), Some("SESSION_EXPIRED"));
    }

    #[test]
    fn an_unknown_code_inside_a_success_is_in_doubt_unless_its_own_status_refuses() {
        let said = || Said { code: Some("77".into()), words: vec!["new".into()] };
        let refused = of_item(StatusCode::from_u16(400).ok(), &said(), StatusCode::ACCEPTED, &text());
        assert_eq!((refused.sent(), refused.code()), (Sent::No, Some("77")));
        for item in [None, StatusCode::from_u16(200).ok(), StatusCode::from_u16(500).ok()] {
            assert_eq!(of_item(item, &said(), StatusCode::ACCEPTED, &text()).sent(), Sent::Maybe, "{item:?}");
        }
    }

    #[test]
    fn a_throttled_answer_tells_how_long_to_wait() {
        let mut response =
            answer(429, r#"{"RestException":{"Status":429,"Message":"slow","Code":"RATE_LIMIT_EXCEEDED"}}"#);
        response.headers_mut().insert("retry-after", "30".parse().unwrap());
        let error = refusal(&response, SystemTime::UNIX_EPOCH, &text());
        assert_eq!(error.kind(), ErrorKind::RateLimited);
        assert_eq!(error.retry_after(), Some(std::time::Duration::from_secs(30)));
    }
}
