//! The calls that are simulated, by their paths.

use super::common::NAME;
use crate::core::world::World;

/// A call, by its path after `/api/`.
#[derive(Debug, Clone, Copy)]
pub(super) enum Call<'a> {
    Freeform,
    Template,
    SessionStatus,
    Senders,
    /// Of the sender of this number.
    Templates(&'a str),
    /// The same with the sender in the query: on no page, and a production site calls it (field).
    TemplatesOfSender,
    Conversations,
    Me,
    ApiKeys,
    ApiKey(&'a str),
    /// Whether the webhook is to be called.
    ConversationEnded(bool),
    /// By its UUID.
    Conversation(&'a str),
    /// A conversation's UUID, and whether the assistant is to answer.
    Ai(&'a str, bool),
}

impl<'a> Call<'a> {
    pub(super) fn read(path: &'a str) -> Option<Self> {
        Some(match path {
            "user/whatsapp/send-freeform" => Self::Freeform,
            "user/whatsapp/send" => Self::Template,
            "user/whatsapp/session-status" => Self::SessionStatus,
            "user/whatsapp/senders" => Self::Senders,
            "user/whatsapp/templates" => Self::TemplatesOfSender,
            "user/conversations" => Self::Conversations,
            "user/me" => Self::Me,
            "user/api-keys" => Self::ApiKeys,
            "user/assistants/enable-conversation-ended-webhook" => Self::ConversationEnded(true),
            "user/assistants/disable-conversation-ended-webhook" => Self::ConversationEnded(false),
            _ => return Self::read_variable(path),
        })
    }

    /// The paths with a part that varies.
    fn read_variable(path: &'a str) -> Option<Self> {
        let is_number = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        let is_one = |part: &&str| !part.is_empty() && !part.contains('/');
        if let Some(rest) = path.strip_prefix("user/whatsapp/senders/") {
            return rest.strip_suffix("/templates").filter(is_number).map(Self::Templates);
        }
        if let Some(id) = path.strip_prefix("user/api-keys/") {
            return Some(id).filter(is_number).map(Self::ApiKey);
        }
        if let Some(rest) = path.strip_prefix("automate/conversations/") {
            let (uuid, word) = rest.split_once('/')?;
            return match word {
                "enable-ai" => Some(Self::Ai(uuid, true)),
                "disable-ai" => Some(Self::Ai(uuid, false)),
                _ => None,
            };
        }
        path.strip_prefix("conversations/").filter(is_one).map(Self::Conversation)
    }

    /// Whether the switches have the call.
    pub(super) fn is_there(&self, world: &World) -> bool {
        !matches!(self, Self::TemplatesOfSender) || world.switch(NAME, "templates_by_query") == "on"
    }

    pub(super) fn methods(&self) -> &'static [&'static str] {
        match self {
            Self::Freeform | Self::Template | Self::ConversationEnded(_) | Self::Ai(..) => &["POST"],
            Self::ApiKeys => &["GET", "POST"],
            Self::ApiKey(_) => &["DELETE"],
            _ => &["GET"],
        }
    }

    /// Whether the call sends a message, and so counts against the limit.
    pub(super) fn is_send(&self) -> bool {
        matches!(self, Self::Freeform | Self::Template)
    }

    /// The call that is meant by a path that third parties' notes have in its place.
    pub(super) fn meant(path: &str) -> Option<&'static str> {
        let path = path.strip_prefix("/api/user/whatsapp/")?;
        match path {
            "send-template" => Some("POST /api/user/whatsapp/send"),
            "templates" => Some("GET /api/user/whatsapp/senders/{sender_id}/templates"),
            _ => path.starts_with("templates/").then_some("GET /api/user/whatsapp/senders/{sender_id}/templates"),
        }
    }
}
