//! What Larkwire's pages show, as data: exchanges, webhook calls, and what each code means. Written from the pages alone; the
//! adapter and the simulator are both held against it. `mock-server/fixtures/README.md` in Transom's repository says what
//! stands in an exchange.

/// What every code means, whether it leaves it open that the message was sent, and the codes, with the status they come
/// under: all of them come with 200.
pub const MEANINGS: &str = "
answers unauthenticated no 1001/200
answers permission_denied no 1003/200
answers sender_not_found no 2001/200
answers sender_unavailable no 2002/200
answers recipient_invalid no 3001/200
answers invalid_request no 3002/200
answers session_expired no 4103/200
answers no_active_session no 4104/200
answers template_rejected no 4201/200 4202/200 4203/200
answers rate_limited no 4290/200
answers insufficient_balance no 5001/200
answers provider_unavailable maybe 9*/200
";

/// Documented exchanges, each with a name.
pub const SAMPLES: &[(&str, &str)] = &[
    (
        "text-accepted",
        r#"{
    "title": "A text inside the window is taken, and has an id.",
    "source": {
        "page": "send",
        "url": "https://larkwire.example/docs/send",
        "certainty": "docs",
        "date": "2026-11-21"
    },
    "given": [
        {
            "method": "POST",
            "path": "/_mock/inbound",
            "body": {
                "provider": "larkwire",
                "from": "+447700900123",
                "text": "Hello"
            }
        }
    ],
    "request": {
        "method": "POST",
        "path": "/wa/send",
        "headers": {
            "authorization": "Key YOUR_KEY",
            "content-type": "application/json"
        },
        "body": {
            "line": 7001,
            "to": "00447700900123",
            "ref": "order-17",
            "body": {
                "text": "Your table is ready."
            }
        }
    },
    "response": {
        "status": 200,
        "body": {
            "code": 0,
            "msg": "accepted",
            "data": {
                "id": 9200000000000100001
            }
        }
    },
    "channel": {
        "provider": "larkwire",
        "api_key": "YOUR_KEY",
        "line": 7001
    },
    "message": {
        "to": "+447700900123",
        "content": {
            "type": "text",
            "body": "Your table is ready."
        },
        "reference": "order-17"
    }
}"#,
    ),
    (
        "text-session-expired",
        r#"{
    "title": "A text to one who wrote more than a day ago is refused.",
    "source": {
        "page": "codes",
        "url": "https://larkwire.example/docs/codes",
        "certainty": "docs",
        "date": "2026-11-21"
    },
    "given": [
        {
            "method": "POST",
            "path": "/_mock/inbound",
            "body": {
                "provider": "larkwire",
                "from": "+447700900123",
                "text": "Hello"
            }
        },
        {
            "method": "POST",
            "path": "/_mock/clock",
            "body": {
                "advance": "25h"
            }
        }
    ],
    "request": {
        "method": "POST",
        "path": "/wa/send",
        "headers": {
            "authorization": "Key YOUR_KEY",
            "content-type": "application/json"
        },
        "body": {
            "line": 7001,
            "to": "00447700900123",
            "ref": "order-17",
            "body": {
                "text": "Your table is ready."
            }
        }
    },
    "response": {
        "status": 200,
        "body": {
            "code": 4103,
            "msg": "session closed",
            "data": null
        }
    },
    "channel": {
        "provider": "larkwire",
        "api_key": "YOUR_KEY",
        "line": 7001
    },
    "message": {
        "to": "+447700900123",
        "content": {
            "type": "text",
            "body": "Your table is ready."
        },
        "reference": "order-17"
    }
}"#,
    ),
    (
        "template-accepted",
        r#"{
    "title": "A template goes with its values in order, whatever the window.",
    "source": {
        "page": "send",
        "url": "https://larkwire.example/docs/send",
        "certainty": "docs",
        "date": "2026-11-21"
    },
    "given": [],
    "request": {
        "method": "POST",
        "path": "/wa/send",
        "headers": {
            "authorization": "Key YOUR_KEY",
            "content-type": "application/json"
        },
        "body": {
            "line": 7001,
            "to": "00447700900123",
            "body": {
                "template": "visit_reminder",
                "lang": "en",
                "values": [
                    "Ana",
                    "12/02"
                ]
            }
        }
    },
    "response": {
        "status": 200,
        "body": {
            "code": 0,
            "msg": "accepted",
            "data": {
                "id": 9200000000000100001
            }
        }
    },
    "channel": {
        "provider": "larkwire",
        "api_key": "YOUR_KEY",
        "line": 7001
    },
    "message": {
        "to": "+447700900123",
        "content": {
            "type": "template",
            "name": "visit_reminder",
            "language": "en",
            "body": [
                "Ana",
                "12/02"
            ]
        }
    }
}"#,
    ),
];

/// Documented webhook calls, each with a name and with the very bytes that are signed.
pub const CALLS: &[(&str, &str)] = &[
    (
        "status-delivered",
        r#"{
    "title": "A message has reached the person.",
    "source": {
        "page": "events",
        "url": "https://larkwire.example/docs/events",
        "certainty": "docs",
        "date": "2026-11-21"
    },
    "kind": "status",
    "secret": "whsec-of-the-page",
    "headers": {
        "content-type": "application/json",
        "x-larkwire-signature": "sha256=37ecbf5d090a17b820a876d4e79c9cbaa33cc3164190241d03af6441857c5a03"
    },
    "body": {"event":"status","id":9200000000000100001,"state":"delivered","to":"00447700900123","ref":"order-17","ts":1770110100},
    "events": [
        {
            "type": "status",
            "provider": "larkwire",
            "verified": true,
            "message_id": "9200000000000100001",
            "provider_message_id": null,
            "status": "delivered",
            "at": "2026-02-03T09:15:00Z",
            "to": "+447700900123",
            "reference": "order-17",
            "error": null
        }
    ]
}"#,
    ),
    (
        "message-text",
        r#"{
    "title": "A person has written a text.",
    "source": {
        "page": "events",
        "url": "https://larkwire.example/docs/events",
        "certainty": "docs",
        "date": "2026-11-21"
    },
    "kind": "message",
    "secret": "whsec-of-the-page",
    "headers": {
        "content-type": "application/json",
        "x-larkwire-signature": "sha256=5f6706c9b3292f03ba996b87bef511cc31e4e44edc983a49a2f98d59e8c240ca"
    },
    "body": {"event":"message","id":"in-81","from":"00447700900123","to":"00442079460001","line":7001,"name":"Ana","ts":1770110100,"text":"Thanks"},
    "events": [
        {
            "type": "inbound",
            "provider": "larkwire",
            "verified": true,
            "message_id": "in-81",
            "from": "+447700900123",
            "user_id": null,
            "to": "+442079460001",
            "name": "Ana",
            "at": "2026-02-03T09:15:00Z",
            "at_source": "provider",
            "reply_to": null,
            "referral": null,
            "group_id": null,
            "content": {
                "type": "text",
                "body": "Thanks"
            }
        }
    ]
}"#,
    ),
    (
        "message-list-reply",
        r#"{
    "title": "A person has chosen a row: WhatsApp's own object stands in the event.",
    "source": {
        "page": "events",
        "url": "https://larkwire.example/docs/events",
        "certainty": "docs",
        "date": "2026-11-21"
    },
    "kind": "message.wa",
    "secret": "whsec-of-the-page",
    "headers": {
        "content-type": "application/json",
        "x-larkwire-signature": "sha256=3623013afa79597e48763c2d7dc233d9e0888198a459f89c91286c040a24472d"
    },
    "body": {"event":"message","id":"in-82","to":"00442079460001","line":7001,"name":"Ana","ts":1770110100,"wa":{"from":"447700900123","type":"interactive","interactive":{"type":"list_reply","list_reply":{"id":"m9","title":"09:00","description":"Room A"}}}},
    "events": [
        {
            "type": "inbound",
            "provider": "larkwire",
            "verified": true,
            "message_id": "in-82",
            "from": "+447700900123",
            "user_id": null,
            "to": "+442079460001",
            "name": "Ana",
            "at": "2026-02-03T09:15:00Z",
            "at_source": "provider",
            "reply_to": null,
            "referral": null,
            "group_id": null,
            "content": {
                "type": "list_reply",
                "id": "m9",
                "title": "09:00",
                "description": "Room A"
            }
        }
    ]
}"#,
    ),
    (
        "status-refused-by-whatsapp",
        r#"{
    "title": "WhatsApp itself has refused a message, for a reason of its own.",
    "source": {
        "page": "events",
        "url": "https://larkwire.example/docs/events",
        "certainty": "docs",
        "date": "2026-11-21"
    },
    "kind": "status.errors",
    "secret": "whsec-of-the-page",
    "headers": {
        "content-type": "application/json",
        "x-larkwire-signature": "sha256=b78ee84e39d489e1355d81a13f3e0022c4866df721779118f983384f85d1150d"
    },
    "body": {"event":"status","id":9200000000000100001,"state":"failed","to":"00447700900123","ref":"order-17","ts":1770110100,"errors":[{"code":131047,"title":"Re-engagement message"}]},
    "events": [
        {
            "type": "status",
            "provider": "larkwire",
            "verified": true,
            "message_id": "9200000000000100001",
            "provider_message_id": null,
            "status": "failed",
            "at": "2026-02-03T09:15:00Z",
            "to": "+447700900123",
            "reference": "order-17",
            "error": {
                "kind": "session_expired",
                "code": "131047",
                "reason": "Re-engagement message"
            }
        }
    ]
}"#,
    ),
];
