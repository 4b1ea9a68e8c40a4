//! WhatsApp through Exotel: the Transom adapter.
