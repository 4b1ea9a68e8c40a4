//! WhatsApp through Autocalls: the Transom adapter.
