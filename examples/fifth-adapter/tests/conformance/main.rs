//! Every scenario of the suite, for this adapter.

mod dialect;
mod pages;
mod subject;

fn main() -> std::process::ExitCode {
    transom_conformance::run(&subject::SUBJECT)
}
