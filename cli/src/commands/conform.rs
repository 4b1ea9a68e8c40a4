//! `transom conform`: runs the conformance suite and writes a report.

mod cases;
mod live;
mod progress;
mod report_folder;
mod text;

use std::process::ExitCode;

use serde::Serialize;
use transom_conformance::executor::play;
use transom_conformance::report::Report;
use transom_conformance::suite::{self, Case};
use transom_conformance::{Backend, differential};

use crate::args::{Common, ConformArgs, ConformTarget};
use crate::output::{Failure, Output};
use progress::Progress;
use report_folder::{prepare, write_failure};

pub(crate) async fn run(common: &Common, args: &ConformArgs, output: &Output) -> Result<ExitCode, Failure> {
    check_target_options(args)?;
    if args.target == ConformTarget::Live {
        return live::run(common, args, output).await;
    }
    let cases = cases::select(common, args, output)?;
    if args.list {
        list(&cases, output);
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(folder) = &args.report {
        prepare(folder)?;
    }
    let mut progress = Progress::of(cases.len(), output);
    let run = tokio::task::block_in_place(|| play(&cases, &Backend::Mock, |case, outcome| progress.add(case, outcome)));
    progress.finish();
    let report = Report::of(&run, args.seed.unwrap_or(suite::DEFAULT_SEED), differential::KNOWN_DIFFERENCES)
        .of_command(command_line(args));
    let written = args.report.as_ref().map(|folder| (folder, report.write(folder)));
    // Prints the results also if the report could not be written.
    if output.is_json() {
        output.json(&report);
    } else {
        text::print(&report, output);
    }
    if let Some((folder, written)) = written {
        written.map_err(|error| write_failure(folder, &error))?;
        if !output.is_json() {
            output.line(format!("report: {}", folder.join("index.html").display()));
        }
    }
    Ok(if report.is_all_well() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Refuses options that only the other target has.
fn check_target_options(args: &ConformArgs) -> Result<(), Failure> {
    let given: &[(&str, bool)] = match args.target {
        ConformTarget::Live => {
            &[("--group", args.group.is_some()), ("--name", args.name.is_some()), ("--seed", args.seed.is_some())]
        }
        ConformTarget::Mock => &[
            ("--allow", !args.allow.is_empty()),
            ("--max-messages", args.max_messages > 0),
            ("--template", args.template.is_some()),
            ("--yes", args.yes),
        ],
    };
    let (here, there) = match args.target {
        ConformTarget::Live => ("live", "mock"),
        ConformTarget::Mock => ("mock", "live"),
    };
    match given.iter().find(|(_, given)| *given) {
        None => Ok(()),
        Some((option, _)) => Err(Failure::usage(format!("{option} needs --target {there}; the target is {here}"))),
    }
}

/// The command line that runs the same cases again.
fn command_line(args: &ConformArgs) -> String {
    let mut words = vec!["transom conform".to_owned()];
    if args.channels.is_empty() {
        words.push("--all".to_owned());
    }
    // A URI contains a credential.
    words.extend(
        args.channels
            .iter()
            .map(|name| if name.contains("://") { "--channel URI".to_owned() } else { format!("--channel {name}") }),
    );
    words.extend(args.group.iter().map(|group| format!("--group {group}")));
    words.extend(args.name.iter().map(|name| format!("--name '{name}'")));
    words.push(format!("--seed {}", args.seed.unwrap_or(suite::DEFAULT_SEED)));
    words.join(" ")
}

/// The JSON of a case in `--list`.
#[derive(Serialize)]
struct ListedCase {
    id: String,
    provider: &'static str,
    group: &'static str,
    name: &'static str,
    contract: &'static str,
    note: &'static str,
    needs: Option<&'static str>,
    refusal: bool,
}

/// Prints a line for each case: its id and its contract.
fn list(cases: &[Case], output: &Output) {
    if output.is_json() {
        let listed = cases.iter().map(|case| ListedCase {
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
        let refusal = if case.is_refusal() { " (must be refused)" } else { "" };
        output.line(format!("{}  {}{note}{refusal}", case.id(), case.contract()));
    }
}
