//! WhatsApp through Messangi: the Transom adapter.
