//! `transom send`: sends one message.

use std::borrow::Cow;
use std::io::Read as _;
use std::path::Path;
use std::process::ExitCode;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use transom::adapter::Limits;
use transom::message::{Location, Media, Text};
use transom::session::SessionSource;
use transom::time::rfc3339;
use transom::{Client, Content, Message, PhoneNumber, Receipt, Session, Template, Window};

use crate::args::{Common, MessageArgs, SendArgs};
use crate::output::{Failure, Line, Output, earlier_json, good};
use crate::target::{self, Target};

pub(crate) async fn run(common: &Common, args: &SendArgs, output: &Output) -> Result<ExitCode, Failure> {
    let (target, message) = target::connect_for(common, output, |client| message(&args.message, client))?;
    let (name, provider, client, watch) = match &target {
        Target::Channel(channel) => (&channel.name, channel.provider, &channel.client, &channel.watch),
        Target::Failover(failover) => (&failover.name, failover.provider(), &failover.client, &failover.watch),
    };
    let answer = watch.until_signal(client.send(&message)).await;
    let answer = answer.map_err(|signal| watch.failure(signal).named(name).by(provider))?;
    if answer.as_ref().map_or_else(transom::Error::attempts, |receipt| receipt.attempts) > 0 {
        warn(&message, output);
    }
    let receipt = answer.map_err(|error| {
        let provider = error.provider().unwrap_or(provider);
        Failure::on(error, name, provider)
    })?;
    for earlier in receipt.earlier.iter().filter(|_| !output.is_json()) {
        output.note(format!("{}: {}: {}", earlier.channel, earlier.kind, earlier.message));
    }
    output.result(&Accepted::new(name, &receipt), || [line(name, &receipt)]);
    let Some(lost) = output.lost() else { return Ok(ExitCode::SUCCESS) };
    output.failure(&lost);
    output.note(line(name, &receipt));
    // Not 1 or 2, after which the caller may send again.
    Ok(ExitCode::from(3))
}

/// Warns about a message over the limits of WhatsApp that the provider's documentation does not state. The provider may
/// reject it, cut it, or deliver it.
fn warn(message: &Message, output: &Output) {
    if let Err(over) = Limits::WHATSAPP.check(message) {
        for line in over.problems() {
            output.note(format!("warning: {line} of WhatsApp"));
        }
    }
}

/// The JSON of an accepted message.
#[derive(Serialize)]
struct Accepted<'a> {
    outcome: &'static str,
    channel: &'a str,
    provider: &'static str,
    message_id: &'a str,
    /// The provider's own id, where it has one beside `message_id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    provider_message_id: Option<&'a str>,
    /// The provider's word for a message that it holds back.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'a str>,
    template_fallback: bool,
    attempts: u32,
    session: Option<SessionJson<'a>>,
    #[serde(flatten)]
    failover: Option<ThroughFailover<'a>>,
}

/// The session that the provider reported with its response, without the contact: logs should not hold full phone numbers.
#[derive(Serialize)]
struct SessionJson<'a> {
    window: &'a Window,
    #[serde(with = "rfc3339::option")]
    last_inbound_at: Option<SystemTime>,
    source: SessionSource,
}

impl<'a> From<&'a Session> for SessionJson<'a> {
    fn from(session: &'a Session) -> Self {
        Self { window: &session.window, last_inbound_at: session.last_inbound_at, source: session.source }
    }
}

/// Additional members for a failover channel.
#[derive(Serialize)]
struct ThroughFailover<'a> {
    failover: &'a str,
    earlier: Vec<Value>,
}

impl<'a> Accepted<'a> {
    fn new(name: &'a str, receipt: &'a Receipt) -> Self {
        let earlier = || receipt.earlier.iter().map(earlier_json).collect();
        Self {
            outcome: "accepted",
            channel: receipt.channel.as_deref().unwrap_or(name),
            failover: receipt.channel.is_some().then(|| ThroughFailover { failover: name, earlier: earlier() }),
            provider: receipt.provider,
            message_id: receipt.message_id.as_str(),
            provider_message_id: receipt.provider_message_id.as_ref().map(transom::message::MessageId::as_str),
            status: receipt.status.as_deref(),
            template_fallback: receipt.template_fallback,
            attempts: receipt.attempts,
            session: receipt.session.as_ref().map(SessionJson::from),
        }
    }
}

fn line(name: &str, receipt: &Receipt) -> Line {
    let channel = receipt.channel.as_deref().unwrap_or(name);
    let what = if receipt.template_fallback { ", as its fallback template" } else { "" };
    let held = receipt.status.as_ref().map(|status| format!(", {status}")).unwrap_or_default();
    let tries = if receipt.attempts > 1 { format!(", {} requests", receipt.attempts) } else { String::new() };
    good("accepted").text(format!(" by {channel} ({}): {}{held}{what}{tries}", receipt.provider, receipt.message_id))
}

/// The message of the flags, or of the `--message` file. Its number is read as `client` reads numbers.
pub(crate) fn message(args: &MessageArgs, client: Option<&Client>) -> Result<Message, Failure> {
    if let Some(file) = &args.message {
        return read(file, client);
    }
    let to = phone(args.to.as_deref().unwrap_or_default(), client)?;
    let template = match args.template.as_ref().or(args.fallback_template.as_ref()) {
        Some(name) => Some(template(name, args)?),
        None if !args.params.is_empty() || args.lang.is_some() => {
            return Err(Failure::usage("--param and --lang need --template or --fallback-template"));
        }
        None => None,
    };
    let mut message = match (content(args)?, template) {
        (Some(content), fallback) => {
            let mut message = Message::new(to, content);
            message.fallback = fallback;
            message
        }
        (None, Some(template)) => Message::template(to, template),
        (None, None) => return Err(Failure::usage("expected --text, another content, --template or --message")),
    };
    message.reference.clone_from(&args.reference);
    Ok(message)
}

/// The free-form content of the flags.
fn content(args: &MessageArgs) -> Result<Option<Content>, Failure> {
    type Kind<'a> = (&'a Option<String>, fn(Media) -> Content);

    let media = |source: &str| {
        let media = if source.contains("://") { Media::link(source) } else { Media::id(source) };
        match &args.caption {
            Some(caption) => media.caption(caption.as_str()),
            None => media,
        }
    };
    let kinds: [Kind<'_>; 5] = [
        (&args.image, Content::Image),
        (&args.video, Content::Video),
        (&args.audio, Content::Audio),
        (&args.document, Content::Document),
        (&args.sticker, Content::Sticker),
    ];
    if let Some((source, content)) = kinds.iter().find_map(|(source, content)| Some((source.as_deref()?, content))) {
        return Ok(Some(content(media(source))));
    }
    if let Some(place) = &args.location {
        let degrees = place
            .split_once(',')
            .and_then(|(latitude, longitude)| Some((latitude.trim().parse().ok()?, longitude.trim().parse().ok()?)));
        let (latitude, longitude) =
            degrees.ok_or_else(|| Failure::usage("--location: expected LAT,LON in degrees, such as 13.08,80.27"))?;
        return Ok(Some(Content::Location(Location::new(latitude, longitude))));
    }
    Ok(args.text.as_deref().map(|text| Content::Text(Text::new(text))))
}

/// The phone number of `--to`, as `client` reads numbers.
pub(crate) fn phone(text: &str, client: Option<&Client>) -> Result<PhoneNumber, Failure> {
    number(text, client).map_err(|problem| Failure::usage(format!("--to: {problem}")))
}

fn number(text: &str, client: Option<&Client>) -> Result<PhoneNumber, String> {
    let number = client.map_or_else(|| text.parse(), |client| client.phone_number(text));
    number.map_err(|error| {
        let option = if error.lacks_country_code() { ", or `default_country = \"IN\"` in the channel" } else { "" };
        format!("{error}{option}")
    })
}

/// A template with the parameters of the command line: named if each is `NAME=VALUE`, else positional.
fn template(name: &str, args: &MessageArgs) -> Result<Template, Failure> {
    let template = Template::new(name).language(args.lang.as_deref().unwrap_or("en"));
    let named: Vec<(&str, &str)> = args.params.iter().filter_map(|param| named(param)).collect();
    if named.is_empty() {
        return Ok(template.body(args.params.iter().map(String::as_str)));
    }
    if named.len() < args.params.len() {
        return Err(Failure::usage("--param: NAME=VALUE and plain values are mixed; expected one form for all"));
    }
    for (at, (name, _)) in named.iter().enumerate() {
        if named.iter().take(at).any(|(earlier, _)| earlier == name) {
            return Err(Failure::usage(format!("--param: `{name}` is given twice")));
        }
    }
    Ok(template.body_named(named))
}

fn named(param: &str) -> Option<(&str, &str)> {
    let (name, value) = param.split_once('=')?;
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    is_name.then_some((name, value))
}

fn read(file: &Path, client: Option<&Client>) -> Result<Message, Failure> {
    if file.to_string_lossy().trim_start().starts_with(['{', '[', '"']) {
        return Err(Failure::usage(
            "--message: expected the name of a file, or - for the standard input; this is the message itself",
        ));
    }
    let problem = |what: String| Failure::usage(format!("--message {}: {what}", file.display()));
    let text = if file == Path::new("-") {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).map(|_| text)
    } else {
        std::fs::read_to_string(file)
    };
    let text = text.map_err(|error| problem(error.to_string()))?;
    let json = text.trim_start_matches('\u{feff}').trim_start();
    if !json.starts_with('{') {
        return Err(problem("expected a message as a JSON object".to_owned()));
    }
    let json = with_country_code(json, client).map_err(|wrong| problem(format!("to: {wrong}")))?;
    serde_json::from_str(&json).map_err(|error| problem(without_values(&error.to_string())))
}

/// The JSON of a message with its `to` in E.164. The JSON form of the SDK demands the `+`.
fn with_country_code<'a>(json: &'a str, client: Option<&Client>) -> Result<Cow<'a, str>, String> {
    #[derive(Deserialize)]
    struct Addressed<'a> {
        #[serde(borrow)]
        to: &'a RawValue,
    }

    // What is no message, reading it as one tells.
    let Ok(Addressed { to }) = serde_json::from_str(json) else { return Ok(json.into()) };
    let Ok(text) = serde_json::from_str::<String>(to.get()) else { return Ok(json.into()) };
    let number = serde_json::to_string(&number(&text, client)?).map_err(|error| error.to_string())?;
    let at = to.get().as_ptr().addr().saturating_sub(json.as_ptr().addr());
    let (before, rest) = json.split_at_checked(at).unwrap_or((json, ""));
    Ok([before, &number, rest.get(to.get().len()..).unwrap_or_default()].concat().into())
}

/// The text of a JSON error without the value, which may be a phone number or a private text.
fn without_values(error: &str) -> String {
    let mut text = error.to_owned();
    for (word, quote, instead) in
        [("string ", '"', "a text"), ("integer ", '`', "a number"), ("floating point ", '`', "a number")]
    {
        while let Some(at) = text.find(&format!("{word}{quote}")) {
            let value = at + word.len() + 1;
            // A quoted text may contain escaped quotes; the last quote before `, expected` ends it.
            let rest = text.get(value..).unwrap_or_default();
            let end = rest
                .find(&format!("{quote}, expected"))
                .or_else(|| rest.rfind(quote))
                .map_or(text.len(), |end| value + end + 1);
            text.replace_range(at..end, instead);
        }
    }
    let names =
        [("internally tagged enum Content", "a content object with a `type`"), ("struct Message", "a message object")];
    names.into_iter().fold(text, |text, (name, instead)| text.replace(name, instead))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_error_does_not_repeat_the_value() {
        for json in [
            r#"{"to":919876543210,"content":{"type":"text","body":"x"}}"#,
            r#"{"to":"+919876543210","content":"secret \" body"}"#,
            r#"{"to":"+919876543210","content":{"type":"text","body":["secret body"]}}"#,
            r#"{"to":"+919876543210","content":{"type":"location","latitude":"secret body","longitude":1}}"#,
        ] {
            let text = without_values(&serde_json::from_str::<Message>(json).unwrap_err().to_string());
            assert!(!text.contains("9876543210") && !text.contains("secret"), "{text}");
        }
    }

    #[test]
    fn only_a_valid_name_makes_a_named_parameter() {
        assert_eq!(named("customer=Ana"), Some(("customer", "Ana")));
        assert_eq!(named("a=b=c"), Some(("a", "b=c")));
        for positional in ["Ana", "https://x.example/?a=b", "=x", "1 + 1 = 2"] {
            assert_eq!(named(positional), None, "{positional}");
        }
    }
}
