//! `transom conform`: the conformance suite, to prove an adapter and keep the proof.

mod choice;
mod live;
mod text;

use std::io::IsTerminal as _;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use transom_conformance::report::Report;
use transom_conformance::run::play;
use transom_conformance::suite::{Case, Outcome, Verdict};
use transom_conformance::{Front, differential};

use crate::args::{Common, ConformArgs, Target};
use crate::output::{Failure, Output, bad};

pub(crate) async fn run(common: &Common, args: &ConformArgs, output: &Output) -> Result<ExitCode, Failure> {
    if args.target == Target::Live {
        return live::run(common, args, output).await;
    }
    let cases = choice::cases(common, args, output)?;
    if args.list {
        list(&cases, output);
        return Ok(ExitCode::SUCCESS);
    }
    let progress = progress(cases.len(), output);
    let run =
        tokio::task::block_in_place(|| play(&cases, &Front::Mock, |case, outcome| tell(&progress, case, outcome)));
    progress.finish_and_clear();
    let report = Report::of(&run, args.seed, differential::DECLARED);
    if let Some(folder) = &args.report {
        report.write(folder).map_err(|error| unwritten(folder, &error))?;
    }
    if output.is_json() {
        output.json(&report);
    } else {
        text::print(&report, output);
        if let Some(folder) = &args.report {
            output.line(&format!("report: {}", folder.join("index.html").display()));
        }
    }
    Ok(if report.is_all_well() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn unwritten(folder: &Path, error: &std::io::Error) -> Failure {
    Failure::usage(format!("--report {}: {error}", folder.display()))
}

/// A bar on a terminal; nothing where nobody watches.
fn progress(cases: usize, output: &Output) -> ProgressBar {
    if output.is_json() || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(u64::try_from(cases).unwrap_or(u64::MAX));
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len}  {elapsed}  {wide_msg}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}

fn tell(progress: &ProgressBar, case: &Case, outcome: &Outcome) {
    progress.inc(1);
    progress.set_message(case.id());
    if outcome.verdict == Verdict::Failed {
        progress.println(format!("{} {}", anstream::adapter::strip_str(&bad("failed")), case.id()));
    }
}

/// A case as a program reads it.
#[derive(Serialize)]
struct Listed {
    id: String,
    provider: &'static str,
    group: &'static str,
    name: &'static str,
    contract: String,
    note: &'static str,
    needs: Option<&'static str>,
    refusal: bool,
}

/// A line for each case: its name, and the contract in words.
fn list(cases: &[Case], output: &Output) {
    if output.is_json() {
        let listed = cases.iter().map(|case| Listed {
            id: case.id(),
            provider: case.provider(),
            group: case.group(),
            name: case.name(),
            contract: case.contract(),
            note: case.note(),
            needs: case.needs().map(transom::Capability::as_str),
            refusal: case.is_refusal(),
        });
        output.json(&listed.collect::<Vec<_>>());
        return;
    }
    for case in cases {
        let note = if case.note().is_empty() { String::new() } else { format!(" {}", case.note()) };
        let refusal = if case.is_refusal() { " (refused, as it must be)" } else { "" };
        output.line(&format!("{}  {}.{note}{refusal}", case.id(), case.contract()));
    }
}
