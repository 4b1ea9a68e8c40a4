//! WhatsApp through GoSendAPI: the Transom adapter.
