//! Messages of contacts in the forms that occur: a missing or odd member costs that member only.

use serde_json::{Value, json};
use transom::webhook::{Event, Inbound};

use super::inbound_calls::{
    after_1970, events, events_after, holds, inbound, message, only_inbound, received_at, rows, sample, text, with,
};
use crate::adapters::InboundSample;
use crate::assertions::{Check, Failure, ensure, equal};
use crate::harness::{CONTACT, Harness, OTHER, contact, number};

scenarios! { "inbound":
    time_in_every_form_is_read "The time of an inbound message is read in every form that occurs, and its source is the provider."
        needs Inbound;
    unreadable_time_costs_the_time_only "An inbound message without a readable time has the time of receipt and loses nothing else."
        needs Inbound;
    time_in_the_future_counts_as_receipt "A session window that a message from the future opens begins with the time of receipt."
        needs Inbound;
    user_id_alone_names_the_contact "A contact without a phone number is named by the user id, in `user_id` and by no `from`."
        needs Inbound;
    missing_or_empty_id_is_null "An inbound message without an id, or with an empty one, has none and loses nothing else."
        needs Inbound;
    /// `from` and `user_id` are never both null.
    message_without_sender_is_unknown_event "A message that names no contact is an unknown event with everything that came."
        needs Inbound;
    message_without_id_has_stable_dedupe_key "The dedupe key of a message without id is the same in a copy, and another one for other words."
        needs Inbound;
    order_is_read_with_its_products "An order has its catalog, its text and its products with quantity, price and currency."
        needs Inbound;
    flow_reply_has_parsed_answers "A reply to a form has its answers parsed; answers that are not JSON are kept as text."
        needs Inbound;
    list_reply_has_its_description "A chosen row has its id, its title and its description."
        needs Inbound;
    template_button_gives_payload_and_text "The quick reply of a template has its payload as id, and its text as title."
        needs Inbound;
    media_has_hash_voice_and_animation "A media message keeps id, type, hash, and whether it is a voice message or animated."
        needs Inbound;
    location_is_read_from_numbers_and_texts "A location is read whether its degrees are numbers or texts."
        needs Inbound;
    withdrawn_reaction_has_no_emoji "A reaction without an emoji, or with an empty one, withdraws the earlier one."
        needs Inbound;
    content_of_unknown_type_is_kept "An edited, revoked, unsupported or new kind of content is an inbound message with what came."
        needs Inbound;
    message_without_content_is_kept "A message without any content is an inbound message with what came."
        needs Inbound;
    referral_stands_beside_any_content "The advertisement that led a contact here is kept beside any content."
        needs Inbound;
    quoted_message_is_told "The message that a contact quotes is told; a forwarded message quotes none."
        needs Inbound;
    name_in_a_batch_is_its_senders_own "In a call with several messages, each has the name of its own sender or none."
        needs Inbound;
    odd_message_in_a_batch_costs_no_other "An item that cannot be read is kept as it came, and costs no other of the same call."
        needs Inbound;
    half_surrogates_cost_one_character "Half a surrogate pair in a text, a name or an answer becomes U+FFFD and costs nothing else."
        needs Inbound;
}

/// What the contact wrote, with the expected content.
fn content_is(harness: &Harness, message: &Value, expected: &Value) -> Check {
    let inbound = inbound(harness, message).map_err(|failure| failure.at(message))?;
    equal(&format!("the content of {message}"), &inbound.content.to_json(), expected)?;
    equal("the contact", &inbound.from, &Some(contact()))
}

async fn time_in_every_form_is_read(harness: &Harness) -> Check {
    // 2026-03-04T05:52:00Z.
    const AT: u64 = 1_772_603_520;
    let whole = [
        json!("1772603520"),
        json!(1_772_603_520),
        json!("1772603520000"),
        json!(1_772_603_520_000_u64),
        json!("2026-03-04T05:52:00Z"),
        json!("2026-03-04T05:52:00.000Z"),
        json!("2026-03-04T11:22:00+05:30"),
        json!("2026-03-04T11:22:00+0530"),
        json!("2026-03-04T05:52:00"),
        json!("2026-03-04 05:52:00"),
        json!("2026-03-04 05:52:00Z"),
        json!("2026-03-04 11:22:00+05:30"),
        json!("2026-03-04 11:22:00 +05:30"),
        json!("2026-03-04 11:22:00 +0530"),
        json!("2026-03-04 05:52:00 UTC"),
        json!("Wed, 04 Mar 2026 05:52:00 GMT"),
        json!("Wed, 04 Mar 2026 11:22:00 +0530"),
        json!("04 Mar 2026 05:52:00 +0000"),
        json!(" 2026-03-04T05:52:00Z "),
    ];
    let half = [
        json!("2026-03-04T05:52:00.500Z"),
        json!("2026-03-04 05:52:00.500000"),
        json!("2026-03-04T05:52:00.500000000+00:00"),
        json!(1_772_603_520_500_u64),
        json!("1772603520500"),
        json!("1772603520.5"),
        json!(1_772_603_520.5),
    ];
    for (times, milliseconds) in [(&whole[..], 0), (&half[..], 500)] {
        for time in times {
            let inbound = inbound(harness, &with(text(), json!({ "timestamp": time })))?;
            let at = after_1970(AT) + std::time::Duration::from_millis(milliseconds);
            equal(&format!("the time {time}"), &inbound.at, &at)?;
            equal(&format!("the source of {time}"), &inbound.at_source.as_str(), &"provider")?;
        }
    }
    Ok(())
}

async fn unreadable_time_costs_the_time_only(harness: &Harness) -> Check {
    let odd = [
        Value::Null,
        json!(""),
        json!("yesterday"),
        json!("20260304"),
        json!(20_260_304),
        json!("2026-13-45T99:00:00Z"),
        json!(true),
        json!({ "seconds": 1 }),
        json!([1_772_603_520]),
    ];
    for time in odd {
        // A member that is null in the call, and one that is missing.
        let mut null = text();
        null["timestamp"] = time.clone();
        for message in [null, with(text(), json!({ "timestamp": time }))] {
            let inbound = inbound(harness, &message).map_err(|failure| failure.at(&message))?;
            equal(&format!("the time of {message}"), &inbound.at, &received_at())?;
            equal("its source", &inbound.at_source.as_str(), &"receipt")?;
            is_hello(&inbound)?;
            let rows = rows(vec![Event::from(inbound)]).await?;
            equal("the row", &rows, &vec![(contact(), received_at())])?;
        }
    }
    Ok(())
}

fn is_hello(inbound: &Inbound) -> Check {
    equal("the text", &inbound.content.to_json(), &json!({ "type": "text", "body": "Hello" }))?;
    equal("the contact", &inbound.from, &Some(contact()))
}

async fn time_in_the_future_counts_as_receipt(harness: &Harness) -> Check {
    // Five minutes and a second, a day, some years.
    for seconds in [301, 86_400, 200_000_000] {
        let time = (1_790_000_000_u64 + seconds).to_string();
        let events = events(harness, &sample(with(text(), json!({ "timestamp": time }))))?;
        equal(&format!("the row {seconds} s ahead"), &rows(events).await?, &vec![(contact(), received_at())])?;
    }
    Ok(())
}

async fn user_id_alone_names_the_contact(harness: &Harness) -> Check {
    const ID: &str = "ES.k3TqW9";
    for (from, contacts) in [
        (json!({ "from": null, "from_user_id": ID }), json!([{ "user_id": ID, "profile": { "name": "Ana" } }])),
        (json!({ "from": null, "from_user_id": ID }), json!([])),
        // A user name's profile, and an empty number.
        (json!({ "from": "", "from_user_id": ID }), json!([{ "user_id": ID, "profile": { "username": "ana" } }])),
    ] {
        let contacts = contacts.as_array().cloned().unwrap_or_default();
        let sample = InboundSample { contacts: contacts.clone(), ..sample(with(text(), from)) };
        let events = events(harness, &sample)?;
        let inbound = only_inbound(events.clone())?;
        equal("the number", &inbound.from, &None)?;
        equal("the user id", &inbound.user_id.as_deref(), &Some(ID))?;
        let name = contacts.first().and_then(|contact| contact["profile"].as_object()?.values().next()?.as_str());
        equal("the name", &inbound.name.as_deref(), &name)?;
        equal("the text", &inbound.content.to_json()["body"], &json!("Hello"))?;
        // The ledger is about phone numbers.
        equal("the rows", &rows(events).await?, &Vec::new())?;
    }
    // Both are told where both are known.
    let inbound = inbound(harness, &with(text(), json!({ "from_user_id": ID })))?;
    equal("the contact", &(inbound.from, inbound.user_id.as_deref()), &(Some(contact()), Some(ID)))
}

async fn missing_or_empty_id_is_null(harness: &Harness) -> Check {
    for id in [Value::Null, json!("")] {
        let events = events(harness, &sample(with(text(), json!({ "id": id }))))?;
        let inbound = only_inbound(events.clone())?;
        equal("the id", &inbound.message_id, &None)?;
        equal("the id in JSON", &Event::from(inbound.clone()).to_json("p", true)["message_id"], &Value::Null)?;
        is_hello(&inbound)?;
        equal("the number of rows", &rows(events).await?.len(), &1)?;
    }
    Ok(())
}

async fn message_without_sender_is_unknown_event(harness: &Harness) -> Check {
    for from in [json!({ "from": null }), json!({ "from": "" }), json!({ "from": null, "id": null })] {
        let message = with(text(), from);
        let events = events(harness, &sample(message.clone()))?;
        let [Event::Unknown(raw)] = events.as_slice() else {
            return Err(format!("{message}: expected one unknown event, got {events:?}").into());
        };
        ensure(holds(raw, &json!("Hello")), format_args!("the text is not in {raw}"))?;
        ensure(
            message["id"].is_null() || holds(raw, &message["id"]),
            format_args!("the id of {message} is not in {raw}"),
        )?;
        equal("the rows", &rows(events).await?, &Vec::new())?;
    }
    Ok(())
}

async fn message_without_id_has_stable_dedupe_key(harness: &Harness) -> Check {
    let key = |members: Value| -> Result<String, Failure> {
        Ok(Event::from(inbound(harness, &with(with(text(), json!({ "id": null })), members))?).dedupe_key())
    };
    let first = key(json!({}))?;
    equal("the key of a copy", &key(json!({}))?, &first)?;
    for (what, members) in [
        ("text", json!({ "text": { "body": "Hello?" } })),
        ("time", json!({ "timestamp": "1789999941" })),
        ("contact", json!({ "from": OTHER.trim_start_matches('+') })),
    ] {
        ensure(key(members)? != first, format_args!("a message with another {what} has the same key"))?;
    }
    Ok(())
}

async fn order_is_read_with_its_products(harness: &Harness) -> Check {
    let product = |quantity: Value, price: Value| json!({ "product_retailer_id": "sku-1", "quantity": quantity, "item_price": price, "currency": "INR" });
    // Numbers, and the same as texts.
    for (quantity, price) in [(json!(2), json!(499.5)), (json!("2"), json!("499.5"))] {
        let order = json!({ "catalog_id": "194836987003835", "text": "Soon, please", "product_items": [
            product(quantity, price), { "product_retailer_id": "sku-2" },
        ] });
        let expected = json!({ "type": "order", "catalog_id": "194836987003835", "text": "Soon, please",
            "product_items": [product(json!(2), json!(499.5)), { "product_retailer_id": "sku-2" }] });
        content_is(harness, &message("order", order), &expected)?;
    }
    let bare = json!({ "product_items": [{ "quantity": 1 }] });
    content_is(harness, &message("order", bare.clone()), &with(bare, json!({ "type": "order" })))
}

async fn flow_reply_has_parsed_answers(harness: &Harness) -> Check {
    for (written, answers) in [
        (json!("{\"day\":\"Fri\",\"seats\":2}"), json!({ "day": "Fri", "seats": 2 })),
        (json!("{\"flow_token\":\"t\",\"note\":\"hi \\ud83d\"}"), json!({ "flow_token": "t", "note": "hi \u{fffd}" })),
        (json!("[1]"), json!([1])),
        (json!("not json"), json!("not json")),
        (json!({ "day": "Fri" }), json!({ "day": "Fri" })),
    ] {
        let reply =
            json!({ "type": "nfm_reply", "nfm_reply": { "name": "flow", "body": "Sent", "response_json": written } });
        let expected = json!({ "type": "flow_reply", "name": "flow", "body": "Sent", "response": answers });
        content_is(harness, &message("interactive", reply), &expected)?;
    }
    Ok(())
}

async fn list_reply_has_its_description(harness: &Harness) -> Check {
    for row in
        [json!({ "id": "m9", "title": "09:00", "description": "Room A" }), json!({ "id": "m9", "title": "09:00" })]
    {
        let reply = json!({ "type": "list_reply", "list_reply": row });
        content_is(harness, &message("interactive", reply), &with(row, json!({ "type": "list_reply" })))?;
    }
    Ok(())
}

async fn template_button_gives_payload_and_text(harness: &Harness) -> Check {
    let button = json!({ "text": "Yes", "payload": "confirm" });
    content_is(harness, &message("button", button), &json!({ "type": "button_reply", "id": "confirm", "title": "Yes" }))
}

async fn media_has_hash_voice_and_animation(harness: &Harness) -> Check {
    for (kind, media) in [
        ("audio", json!({ "id": "m1", "mime_type": "audio/ogg; codecs=opus", "sha256": "aGk=", "voice": true })),
        ("audio", json!({ "id": "m1", "mime_type": "audio/mpeg", "voice": false })),
        ("sticker", json!({ "id": "m1", "mime_type": "image/webp", "sha256": "aGk=", "animated": true })),
        ("image", json!({ "id": "m1", "mime_type": "image/jpeg", "sha256": "aGk=", "caption": "Here" })),
        ("video", json!({ "id": "m1", "mime_type": "video/mp4" })),
        ("document", json!({ "id": "m1", "filename": "a.pdf", "sha256": "aGk=" })),
    ] {
        content_is(harness, &message(kind, media.clone()), &with(media, json!({ "type": kind })))?;
    }
    Ok(())
}

async fn location_is_read_from_numbers_and_texts(harness: &Harness) -> Check {
    let expected = json!({ "type": "location", "latitude": 13.0827, "longitude": -80.25, "name": "Pier 4", "address": "Harbour Rd" });
    for (latitude, longitude) in [(json!(13.0827), json!(-80.25)), (json!("13.0827"), json!("-80.25"))] {
        let place = json!({ "latitude": latitude, "longitude": longitude, "name": "Pier 4", "address": "Harbour Rd" });
        content_is(harness, &message("location", place), &expected)?;
    }
    Ok(())
}

async fn withdrawn_reaction_has_no_emoji(harness: &Harness) -> Check {
    for (written, emoji) in [(json!({ "emoji": "👍" }), "👍"), (json!({ "emoji": "" }), ""), (json!({}), "")] {
        let reaction = with(json!({ "message_id": "wamid.OUT1" }), written);
        let expected = json!({ "type": "reaction", "message_id": "wamid.OUT1", "emoji": emoji });
        content_is(harness, &message("reaction", reaction), &expected)?;
    }
    Ok(())
}

async fn content_of_unknown_type_is_kept(harness: &Harness) -> Check {
    for (kind, content) in [
        (
            "edit",
            json!({ "original_message_id": "wamid.IN0", "message": { "type": "text", "text": { "body": "new" } } }),
        ),
        ("revoke", json!({ "original_message_id": "wamid.IN0" })),
        ("unsupported", json!({ "type": "poll_creation" })),
        ("brand_new", json!({ "n": 18_446_744_073_709_551_615_u64, "list": [1, null] })),
        ("interactive", json!({ "type": "call_permission_reply", "call_permission_reply": { "response": "accept" } })),
    ] {
        let message = message(kind, content.clone());
        let events = events(harness, &sample(message))?;
        let inbound = only_inbound(events.clone())?.content.to_json();
        equal(&format!("the type of {kind}"), &inbound["type"], &json!("unknown"))?;
        ensure(holds(&inbound["raw"], &content), format_args!("{kind}: {content} is not in {}", inbound["raw"]))?;
        equal(&format!("the number of rows of {kind}"), &rows(events).await?.len(), &1)?;
    }
    Ok(())
}

async fn message_without_content_is_kept(harness: &Harness) -> Check {
    for message in [with(text(), json!({ "text": null, "type": null })), with(text(), json!({ "text": null }))] {
        let inbound = inbound(harness, &message).map_err(|failure| failure.at(&message))?;
        equal("the contact", &inbound.from, &Some(contact()))?;
        let content = inbound.content.to_json();
        // One provider writes an empty text beside every content.
        let is_kept = content == json!({ "type": "text", "body": "" })
            || content["type"] == "unknown" && !content["raw"].is_null();
        ensure(is_kept, format_args!("the content is {content}"))?;
    }
    Ok(())
}

async fn referral_stands_beside_any_content(harness: &Harness) -> Check {
    let referral = json!({
        "source_type": "ad", "source_id": "120208", "source_url": "https://fb.me/x", "ctwa_clid": "ARAk",
        "headline": "Sale", "body": "Half price",
    });
    for message in [text(), message("image", json!({ "id": "m1" })), message("brand_new", json!({ "n": 1 }))] {
        let kind = message["type"].clone();
        let inbound = inbound(harness, &with(message, json!({ "referral": referral })))?;
        let told = Event::from(inbound).to_json("p", true);
        equal(&format!("the referral of {kind}"), &told["referral"], &referral)?;
    }
    let bare = inbound(harness, &with(text(), json!({ "referral": { "ctwa_clid": "ARAk", "media_type": "image" } })))?;
    equal("the click id", &bare.referral.and_then(|referral| referral.ctwa_clid).as_deref(), &Some("ARAk"))
}

async fn quoted_message_is_told(harness: &Harness) -> Check {
    for (context, expected) in [
        (json!({ "from": "15550001111", "id": "wamid.OUT1" }), Some("wamid.OUT1")),
        (json!({ "forwarded": true }), None),
        (json!({}), None),
    ] {
        let inbound = inbound(harness, &with(text(), json!({ "context": context })))?;
        let quoted = inbound.reply_to.as_ref().map(transom::message::MessageId::as_str);
        equal(&format!("what {context} quotes"), &quoted, &expected)?;
        is_hello(&inbound)?;
    }
    Ok(())
}

async fn name_in_a_batch_is_its_senders_own(harness: &Harness) -> Check {
    let digits = |number: &str| number.trim_start_matches('+').to_owned();
    let by = |number: &str, id: &str| with(text(), json!({ "from": digits(number), "id": id }));
    let batch = InboundSample {
        messages: vec![
            by(CONTACT, "wamid.1"),
            by(OTHER, "wamid.2"),
            by("+447700900123", "wamid.3"),
            with(text(), json!({ "from": null, "from_user_id": "ES.k3TqW9", "id": "wamid.4" })),
        ],
        // In another order, and without the third.
        contacts: vec![
            json!({ "wa_id": digits(OTHER), "profile": { "name": "Bea" } }),
            json!({ "user_id": "ES.k3TqW9", "profile": { "name": "Eva" } }),
            json!({ "wa_id": digits(CONTACT), "profile": { "name": "Ana" } }),
        ],
        is_to_other_sender: false,
    };
    let mut told = Vec::new();
    for event in events(harness, &batch)? {
        let inbound = only_inbound(vec![event])?;
        told.push((inbound.from, inbound.name));
    }
    let expected =
        [(Some(CONTACT), Some("Ana")), (Some(OTHER), Some("Bea")), (Some("+447700900123"), None), (None, Some("Eva"))];
    let expected: Vec<_> =
        expected.into_iter().map(|(from, name)| (from.map(number), name.map(str::to_owned))).collect();
    equal("the senders and their names", &told, &expected)
}

async fn odd_message_in_a_batch_costs_no_other(harness: &Harness) -> Check {
    for odd in [json!(7), json!("x"), json!({}), json!({ "type": "text" })] {
        let sample = InboundSample { messages: vec![text(), odd.clone(), text()], ..sample(Value::Null) };
        let told: Vec<bool> =
            events(harness, &sample)?.iter().map(|event| matches!(event, Event::Inbound(_))).collect();
        equal(&format!("which events are messages beside {odd}"), &told, &vec![true, false, true])?;
    }
    Ok(())
}

async fn half_surrogates_cost_one_character(harness: &Harness) -> Check {
    let contacts = vec![json!({ "wa_id": CONTACT.trim_start_matches('+'), "profile": { "name": "Ana HALF" } })];
    let sample = InboundSample { contacts, ..sample(message("text", json!({ "body": "hi HALF there" }))) };
    for (escape, read) in [
        ("\\ud83d", "\u{fffd}"),
        ("\\uDC4D", "\u{fffd}"),
        ("\\ud83d\\ud83d\\udc4d", "\u{fffd}👍"),
        ("\\ud83d\\n", "\u{fffd}\n"),
    ] {
        let inbound = only_inbound(events_after(harness, &sample, |body| body.replace("HALF", escape))?)?;
        equal(
            &format!("the text with {escape}"),
            &inbound.content.to_json()["body"],
            &json!(format!("hi {read} there")),
        )?;
        equal("the name", &inbound.name, &Some(format!("Ana {read}")))?;
        equal("the contact", &inbound.from, &Some(contact()))?;
    }
    Ok(())
}
