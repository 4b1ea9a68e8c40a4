//! Templates with more than a body, and values that do not fit.

use serde_json::{Value, json};
use transom::{ErrorKind, Message, Sent, Template};

use crate::assertions::{Check, accepted, ensure, equal, failed, unexpected};
use crate::harness::{Harness, contact, text};

scenarios! { "template_parts":
    url_button_needs_its_value "A value for the placeholder of a URL arrives; without it the template is refused without a send. An adapter that has no form for it refuses the value as unsupported."
        needs Template;
    image_header_needs_an_image "The same for the image of a header, and another medium does not do."
        needs Template;
    text_header_needs_its_value "The same for the placeholder of a text header."
        needs Template;
    authentication_needs_its_code_twice "The same for the code button of an authentication template."
        needs Template;
    coupon_button_needs_its_code "The same for the code of a coupon."
        needs Template;
    flow_button_needs_its_value "The same for a button that opens a flow."
        needs Template;
    offer_needs_its_end "The same for the end of a limited-time offer."
        needs Template;
    carousel_needs_each_card "The same for the cards of a carousel."
        needs Template;
    named_values_need_no_mapping "Named values reach a template that names its placeholders, without `params`. If the provider has no names, they are refused without a request."
        needs Template;
    other_languages_are_named "If a template exists in other languages only, it is refused, and an adapter that lists templates names them."
        needs Template covers rejected_templates;
    over_long_body_never_arrives "Values of more than 1,024 characters are refused without a request if the provider documents the limit, and rejected by the provider if not."
        needs Template;
    unfit_value_is_refused_locally "A value with a line break, a tab or five blanks in a row, and an empty one, is refused without a request, and the error names its place."
        needs Template;
    unfit_fallback_value_is_refused_locally "The same for a value of the fallback template."
        needs Template;
    flattened_values_arrive "With `flatten_parameters`, one blank arrives in place of line breaks, tabs and too many blanks, also in a fallback template."
        needs Template covers accepted_templates;
}

const NAME: &str = "with_parts";

fn message(members: &Value) -> Result<Message, crate::assertions::Failure> {
    let mut template = members.clone();
    if let Some(members) = template.as_object_mut() {
        members.insert("name".to_owned(), NAME.into());
    }
    let template: Template = serde_json::from_value(template).map_err(unexpected)?;
    Ok(Message::template(contact(), template))
}

/// A template with `component` beside its body takes `fitting` and none of `unfit`, each with a part of its error.
async fn needs(harness: &Harness, component: Value, fitting: Value, sent: &str, unfit: &[(Value, &str)]) -> Check {
    if !harness.adapter.content_rules.template_components {
        failed(harness.send(&message(&fitting)?).await, ErrorKind::Unsupported, Sent::No)?;
        return harness.untouched().await;
    }
    let components = json!([{ "type": "BODY", "text": "Hello {{1}}" }, component]);
    let template = json!({ "name": NAME, "language": "en", "components": components });
    harness.control.add_template(harness.provider(), template).await.map_err(unexpected)?;
    for (template, line) in unfit {
        let error = failed(harness.send(&message(template)?).await, ErrorKind::InvalidRequest, Sent::No)?;
        ensure(error.message().contains(line), format_args!("expected the error to say `{line}`, got `{error}`"))?;
    }
    harness.asked(0).await?;
    accepted(harness.send(&message(&fitting)?).await)?;
    harness.reached(1).await?;
    for request in harness.sends().await? {
        let body = request["body"].to_string();
        ensure(body.contains(sent), format_args!("the request has no {sent}: {body}"))?;
    }
    Ok(())
}

fn button(button: &Value) -> Value {
    json!({ "type": "BUTTONS", "buttons": [button] })
}

/// A template with this value for its first button.
fn pressed(mut value: Value) -> Value {
    value["index"] = json!(0);
    json!({ "body": ["Ana"], "buttons": [value] })
}

fn bare() -> Value {
    json!({ "body": ["Ana"] })
}

async fn url_button_needs_its_value(harness: &Harness) -> Check {
    let url = json!({ "type": "URL", "text": "Track", "url": "https://shop.example.net/{{1}}" });
    let reply = pressed(json!({ "type": "quick_reply", "payload": "A" }));
    let unfit = [(bare(), "expected a url value, got none"), (reply, "expected a url value, got quick_reply")];
    needs(harness, button(&url), pressed(json!({ "type": "url", "text": "order-88" })), "order-88", &unfit).await
}

async fn image_header_needs_an_image(harness: &Harness) -> Check {
    let header = |kind: &str, file: &str| json!({ "body": ["Ana"], "header": { "type": kind, "link": format!("https://files.example.net/{file}") } });
    if harness.adapter.content_rules.template_header && !harness.adapter.content_rules.template_components {
        // The provider takes the image, and keeps no list of what templates need.
        let with_image = json!({ "name": NAME, "language": "en", "components": [
            { "type": "BODY", "text": "Hello {{1}}" }, { "type": "HEADER", "format": "IMAGE" }] });
        harness.control.add_template(harness.provider(), with_image).await.map_err(unexpected)?;
        accepted(harness.send(&message(&header("image", "h.png"))?).await)?;
        return harness.reached(1).await;
    }
    let unfit = [
        (bare(), "header: expected image, got none"),
        (header("document", "h.pdf"), "header: expected image, got document"),
    ];
    let component = json!({ "type": "HEADER", "format": "IMAGE" });
    needs(harness, component, header("image", "h.png"), "https://files.example.net/h.png", &unfit).await
}

async fn text_header_needs_its_value(harness: &Harness) -> Check {
    let filled = json!({ "body": ["Ana"], "header": { "type": "text", "text": "Rambla 7" } });
    if harness.adapter.content_rules.template_header && !harness.adapter.content_rules.template_components {
        let too_long = json!({ "body": ["Ana"], "header": { "type": "text", "text": "x".repeat(61) } });
        failed(harness.send(&message(&too_long)?).await, ErrorKind::InvalidRequest, Sent::No)?;
        return harness.untouched().await;
    }
    let component = json!({ "type": "HEADER", "format": "TEXT", "text": "Shop {{1}}" });
    needs(harness, component, filled, "Rambla 7", &[(bare(), "header: expected text, got none")]).await
}

async fn authentication_needs_its_code_twice(harness: &Harness) -> Check {
    let code = json!({ "type": "OTP", "otp_type": "COPY_CODE", "text": "Copy" });
    let unfit = [(bare(), "a url value with the code once more, got none")];
    needs(harness, button(&code), pressed(json!({ "type": "url", "text": "904512" })), "904512", &unfit).await
}

async fn coupon_button_needs_its_code(harness: &Harness) -> Check {
    let copy = json!({ "type": "COPY_CODE", "text": "Copy", "example": "SAVE10" });
    let unfit = [(bare(), "expected a copy_code value, got none")];
    let fitting = pressed(json!({ "type": "copy_code", "coupon_code": "SAVE25" }));
    needs(harness, button(&copy), fitting, r#""coupon_code":"SAVE25""#, &unfit).await
}

async fn flow_button_needs_its_value(harness: &Harness) -> Check {
    let flow = json!({ "type": "FLOW", "text": "Book", "flow_id": "7" });
    let unfit = [(bare(), "expected a flow value, got none")];
    let fitting = pressed(json!({ "type": "flow", "flow_token": "run-88" }));
    needs(harness, button(&flow), fitting, r#""flow_token":"run-88""#, &unfit).await
}

async fn offer_needs_its_end(harness: &Harness) -> Check {
    let offer = json!({ "text": "Ends soon", "has_expiration": true });
    let component = json!({ "type": "LIMITED_TIME_OFFER", "limited_time_offer": offer });
    let fitting = json!({ "body": ["Ana"], "limited_time_offer": { "expires_at": "2030-05-12T08:20:00Z" } });
    let unfit = [(bare(), "limited_time_offer: expected when the offer ends, got none")];
    needs(harness, component, fitting, r#""expiration_time_ms":1904804400000"#, &unfit).await
}

async fn carousel_needs_each_card(harness: &Harness) -> Check {
    let defined =
        json!({ "components": [{ "type": "HEADER", "format": "IMAGE" }, { "type": "BODY", "text": "Only {{1}}" }] });
    let card = |price: &str| json!({ "header": { "type": "image", "link": "https://files.example.net/c.png" }, "body": [price] });
    let with = |cards: &[Value]| json!({ "body": ["Ana"], "carousel": cards });
    let unfit = [
        (bare(), "carousel: expected 2 cards, got 0"),
        (with(&[card("5"), json!({ "body": ["6"] })]), "carousel[1].header: expected image, got none"),
    ];
    let component = json!({ "type": "CAROUSEL", "cards": [defined, defined] });
    needs(harness, component, with(&[card("5 EUR"), card("6 EUR")]), "6 EUR", &unfit).await
}

async fn named_values_need_no_mapping(harness: &Harness) -> Check {
    let template = json!({ "name": NAME, "language": "en", "body": "Hello {{guest}}, see you on {{day}}." });
    harness.control.add_template(harness.provider(), template).await.map_err(unexpected)?;
    let answer = harness.send(&message(&json!({ "body": { "day": "12/02", "guest": "Ana" } }))?).await;
    if !harness.adapter.content_rules.named_values {
        failed(answer, ErrorKind::InvalidRequest, Sent::No)?;
        return harness.untouched().await;
    }
    accepted(answer)?;
    harness.reached(1).await
}

async fn other_languages_are_named(harness: &Harness) -> Check {
    for language in ["pt_BR", "es_MX"] {
        let template = json!({ "name": NAME, "language": language, "body": "Ola" });
        harness.control.add_template(harness.provider(), template).await.map_err(unexpected)?;
    }
    let error = harness.refused(harness.send(&message(&json!({}))?).await, harness.adapter.unknown_template).await?;
    if !harness.lists_templates() {
        return Ok(());
    }
    ensure(error.message().contains("`es_MX`, `pt_BR`"), format_args!("the error names no language: {error}"))?;
    harness.asked(0).await
}

async fn over_long_body_never_arrives(harness: &Harness) -> Check {
    let mapping = json!({ "visit_reminder": { "id": 310, "params": harness.adapter.placeholders } });
    let client = harness.connect(&harness.config()?.with_value("templates", mapping))?;
    let template = Template::new("visit_reminder").body(["x".repeat(1_020), "12/02".to_owned()]);
    let answer = client.send(&Message::template(contact(), template)).await;
    if !harness.adapter.content_rules.limits_template_body {
        return harness.refused(answer, ErrorKind::TemplateRejected).await.map(drop);
    }
    let error = failed(answer, ErrorKind::InvalidRequest, Sent::No)?;
    ensure(error.message().contains("1025 characters, over the limit of 1024"), format_args!("got {error}"))?;
    harness.untouched().await
}

/// Each unfit value, and a word of the reason.
const UNFIT: [(&str, &str); 5] = [
    ("Ana\nRuiz", "a line break"),
    ("Ana\r\nRuiz", "a line break"),
    ("Ana\tRuiz", "a tab"),
    ("Ana     Ruiz", "5 blanks"),
    ("", "an empty one"),
];

async fn unfit_value_is_refused_locally(harness: &Harness) -> Check {
    are_refused(harness, "content", |template| Message::template(contact(), template)).await
}

async fn unfit_fallback_value_is_refused_locally(harness: &Harness) -> Check {
    are_refused(harness, "fallback", |template| text().with_fallback(template)).await
}

async fn are_refused(harness: &Harness, field: &str, message: impl Fn(Template) -> Message + Sync) -> Check {
    for (value, reason) in UNFIT {
        let positional = Template::new("visit_reminder").body(["12/02", value]);
        let named = Template::new("visit_reminder").body_named([("day", "12/02"), ("customer", value)]);
        for (template, place) in [(positional, "body[1]"), (named, "body.customer")] {
            let answer = harness.send(&message(template)).await;
            let error = failed(answer, ErrorKind::InvalidRequest, Sent::No)?;
            let says = error.message();
            ensure(
                says.starts_with(&format!("{field}.{place}: ")) && says.contains(reason),
                format_args!("expected a line about {field}.{place} and {reason}, got `{says}`"),
            )?;
        }
    }
    harness.untouched().await
}

async fn flattened_values_arrive(harness: &Harness) -> Check {
    let mapping = json!({ "visit_reminder": { "params": harness.adapter.placeholders } });
    let config = harness.config()?.with_value("templates", mapping).with_value("flatten_parameters", true);
    let client = harness.connect(&config.with_value("window_policy", "always_template"))?;
    let template = || Template::new("visit_reminder").body(["Ana\r\n  Ruiz", "12\t02     9:00"]);
    accepted(client.send(&Message::template(contact(), template())).await)?;
    accepted(client.send(&text().with_fallback(template())).await)?;
    harness.reached(2).await?;
    for message in harness.delivered().await? {
        let body = message["content"]["body"].to_string();
        let arrived = ["\"Ana Ruiz\"", "\"12 02 9:00\""].map(|value| body.contains(value));
        equal("the flat values", &arrived, &[true, true])?;
    }
    Ok(())
}
