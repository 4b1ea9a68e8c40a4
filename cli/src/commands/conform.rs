//! `transom conform`: the conformance suite, to prove an adapter and keep the proof.

mod choice;
mod live;
mod progress;
mod text;

use std::path::Path;
use std::process::ExitCode;

use serde::Serialize;
use transom_conformance::executor::play;
use transom_conformance::report::Report;
use transom_conformance::suite::{self, Case};
use transom_conformance::{Backend, differential};

use crate::args::{Common, ConformArgs, Target};
use crate::output::{Failure, Output};
use progress::Progress;

pub(crate) async fn run(common: &Common, args: &ConformArgs, output: &Output) -> Result<ExitCode, Failure> {
    out_of_place(args)?;
    if args.target == Target::Live {
        return live::run(common, args, output).await;
    }
    let cases = choice::cases(common, args, output)?;
    if args.list {
        list(&cases, output);
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(folder) = &args.report {
        prepare(folder)?;
    }
    let mut progress = Progress::of(cases.len(), output);
    let run =
        tokio::task::block_in_place(|| play(&cases, &Backend::Mock, |case, outcome| progress.tell(case, outcome)));
    progress.end();
    let report = Report::of(&run, args.seed.unwrap_or(suite::DEFAULT_SEED), differential::KNOWN_DIFFERENCES)
        .of_command(again(args));
    let written = args.report.as_ref().map(|folder| (folder, report.write(folder)));
    // What came of it is told, whatever becomes of the report.
    if output.is_json() {
        output.json(&report);
    } else {
        text::print(&report, output);
    }
    if let Some((folder, written)) = written {
        written.map_err(|error| unwritten(folder, &error))?;
        if !output.is_json() {
            output.line(&format!("report: {}", folder.join("index.html").display()));
        }
    }
    Ok(if report.is_all_well() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Options that the other target has, and that would do nothing here.
fn out_of_place(args: &ConformArgs) -> Result<(), Failure> {
    let given: &[(&str, bool)] = match args.target {
        Target::Live => {
            &[("--group", args.group.is_some()), ("--name", args.name.is_some()), ("--seed", args.seed.is_some())]
        }
        Target::Mock => &[
            ("--allow", !args.allow.is_empty()),
            ("--max-messages", args.max_messages > 0),
            ("--template", args.template.is_some()),
            ("--yes", args.yes),
        ],
    };
    let (here, there) = match args.target {
        Target::Live => ("live", "mock"),
        Target::Mock => ("mock", "live"),
    };
    match given.iter().find(|(_, given)| *given) {
        None => Ok(()),
        Some((option, _)) => {
            Err(Failure::usage(format!("{option} goes with --target {there}, and the target is {here}")))
        }
    }
}

/// The command that plays the same cases again.
fn again(args: &ConformArgs) -> String {
    let mut words = vec!["transom conform".to_owned()];
    if args.channels.is_empty() {
        words.push("--all".to_owned());
    }
    // A URI has a credential in it.
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

/// Makes the folder of a report, so that one that cannot be written is told before anything is done.
fn prepare(folder: &Path) -> Result<(), Failure> {
    let probe = folder.join("report.json");
    std::fs::create_dir_all(folder)
        .and_then(|()| std::fs::OpenOptions::new().create(true).append(true).open(&probe).map(drop))
        .map_err(|error| unwritten(folder, &error))
}

fn unwritten(folder: &Path, error: &std::io::Error) -> Failure {
    Failure::usage(format!("--report {}: {error}", folder.display()))
}

/// A case as a program reads it.
#[derive(Serialize)]
struct Listed {
    id: String,
    provider: &'static str,
    group: &'static str,
    name: &'static str,
    contract: &'static str,
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
        output.line(&format!("{}  {}{note}{refusal}", case.id(), case.contract()));
    }
}
