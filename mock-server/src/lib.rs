//! A stateful mock of four WhatsApp providers.
