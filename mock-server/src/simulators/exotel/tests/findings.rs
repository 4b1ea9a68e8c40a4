use serde_json::{Value, json};

use super::{message, open, post, text, wrapped};

#[test]
fn a_refusal_names_the_page_whose_rule_was_broken() {
    let mut mock = open();
    for (content, source) in [
        (json!({"type": "text", "text": {"body": "x".repeat(4097)}}), "WhatsApp Session Messages [seed]"),
        (json!({"type": "fax"}), "WhatsApp Session Messages [seed]"),
        (json!({"type": "template", "template": {"name": "follow_up"}}), "Template Messages [docs]"),
        (
            json!({"type": "image", "image": {"link": "a.png"}}),
            "Message Types, Media Messages, Interactive Messages [docs]",
        ),
        (json!({}), "Send WhatsApp Message [docs]"),
    ] {
        assert_eq!(post(&mut mock, &message(&content)).status, 400, "{content}");
        let requests = mock.control("requests", &Value::Null);
        let findings = &requests.as_array().unwrap().last().unwrap()["findings"];
        let finding = findings.as_array().unwrap().last().unwrap();
        assert_eq!((&finding["level"], &finding["source"]), (&json!("refused"), &json!(source)), "{content}");
    }
}

#[test]
fn a_finding_on_one_of_several_messages_says_which_one() {
    let mut mock = open();
    let (mut bad, mut sloppy) = (text(), text());
    bad["to"] = json!("12");
    sloppy["priority"] = json!(1);
    post(&mut mock, &wrapped(&[text(), bad, sloppy]));
    assert_eq!(
        mock.findings(),
        [
            "refused: `whatsapp.messages[1]`: to is not valid",
            "tolerated: `whatsapp.messages[2]`: unknown member `priority`"
        ]
    );
    post(&mut mock, &json!([]));
    assert_eq!(mock.findings(), ["refused: the message is not valid"]);
}
