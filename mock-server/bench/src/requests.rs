//! The requests: a text to one of many contacts, and the inbound message that opens the window of a contact.

/// The number of digits of a contact; the last seven vary.
const FIRST_CONTACT: u64 = 919_870_000_000;

/// A request with a place for the contact's number.
#[derive(Debug, Clone)]
pub(crate) struct Template {
    before: Vec<u8>,
    after: Vec<u8>,
}

impl Template {
    /// The template of this name, if there is one.
    pub(crate) fn named(name: &str, contact_space: u64) -> Option<Self> {
        let number = first(contact_space);
        let (head, body) = match name {
            "exotel" => (
                "POST /v2/accounts/acme/messages HTTP/1.1\r\nauthorization: Basic ZGVtby1rZXk6ZGVtby10b2tlbg==",
                format!(
                    r#"{{"from":"+919876500001","to":"+{number}","content":{{"type":"text","text":{{"body":"Hi Rahul! Thanks for reaching out. Let me check your order status and come back to you today."}}}},"custom_data":"order-17"}}"#
                ),
            ),
            "autocalls" => (
                "POST /api/user/whatsapp/send-freeform HTTP/1.1\r\nauthorization: Bearer demo-key",
                format!(
                    r#"{{"sender_id":12,"recipient_phone":"+{number}","message":"Thank you for your inquiry! Our team will review your request and get back to you within 2 hours. Talk to you soon."}}"#
                ),
            ),
            "gosendapi" => (
                "POST /v1/messages HTTP/1.1\r\nx-api-key: gsk_test_demo",
                format!(
                    r#"{{"phone_number_id":"555123456789","to":"{number}","type":"text","text":{{"body":"Hi, just following up! Our team will review your request and come back to you within two hours."}}}}"#
                ),
            ),
            "messangi" => (
                "POST /oberyn/v2/notification HTTP/1.1\r\nauthorization: Bearer demo-key",
                format!(
                    r#"{{"channel":"WHATSAPP","request":{{"from":"5215500001111","to":"+{number}","externalId":"order-17","type":"text","message":"Hola, le escribimos por su pedido. Le responderemos en las proximas dos horas, gracias."}}}}"#
                ),
            ),
            _ => {
                let provider = name.strip_prefix("inbound-")?;
                let head = "POST /_mock/inbound HTTP/1.1";
                (head, format!(r#"{{"provider":"{provider}","from":"+{number}","text":"hi","name":"Asha"}}"#))
            }
        };
        let whole = format!(
            "{head}\r\nhost: 127.0.0.1\r\naccept: application/json\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        let (before, after) = whole.split_once(&number)?;
        Some(Self { before: before.as_bytes().to_vec(), after: after.as_bytes().to_vec() })
    }

    /// Replaces the buffer by the request to one contact.
    pub(crate) fn write(&self, contact: u64, buffer: &mut Vec<u8>) {
        buffer.clear();
        buffer.extend_from_slice(&self.before);
        buffer.extend_from_slice(first(contact).as_bytes());
        buffer.extend_from_slice(&self.after);
    }
}

fn first(contact: u64) -> String {
    (FIRST_CONTACT + contact).to_string()
}
