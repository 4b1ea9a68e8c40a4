//! Programs that show how to use Transom. Each is a file beside this crate's manifest; `cargo run --example NAME` runs one
//! from the root of the repository, without an account.
