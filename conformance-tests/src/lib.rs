//! The conformance suite: one scenario list that every Transom adapter runs through.
