//! The fault matrix: the ways in which a connection to a provider can fail, and the results that a caller may get.
//!
//! A row is a fault. For each adapter, an ordinary client talks to a listener on this machine that follows a script byte by
//! byte: it reads a part of the request and resets the connection, sends half a header, sends slowly, or hangs. If a
//! provider would have acted on the request, the script hands it to the provider's simulator first, which keeps a ledger of
//! delivered messages. A message that the client reports as not sent and that is in the ledger is a failure; so is one that
//! it reports as sent and that is not. "Outcome unknown" is right only in rows that say so.
//!
//! Every execution has its own credentials and recipient. The suite searches every error, debug form and log line of every
//! crate for them.

mod answers;
mod canary;
mod case;
mod child;
mod clock;
mod dns;
mod harness;
mod leak_checking_transport;
mod listener;
mod logs;
mod oracle;
mod profile;
mod provider;
mod row;
mod rows;
mod script;
mod setup;
mod summary;
mod tls;
mod unreachable_ports;
mod verdicts;

use std::path::Path;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

use libtest_mimic::{Arguments, Failed, Trial};
use tokio::task::JoinSet;

use answers::case::AnswerCase;
use case::FaultCase;
use harness::FaultHarness;
use row::Plan;
use summary::{Cell, Summary};

/// The minimum number of executions in a whole run.
const EXECUTIONS_MIN: usize = 30_000;

/// The number of wrong results that a failed test shows.
const SHOWN: usize = 20;

/// Runs every row for every adapter that it concerns, and prints the matrix. Accepts the arguments of a Rust test binary.
/// Fails if the tables of verdicts in the file `page` are not those of the run.
pub fn run(page: &Path) -> ExitCode {
    if let Some(ended) = child::live() {
        return ended;
    }
    let arguments = Arguments::from_args();
    if let Err(problem) = logs::search() {
        println!("the logs cannot be searched: {problem}");
        return ExitCode::FAILURE;
    }
    let table = Arc::<Mutex<Summary>>::default();
    let conclusion = libtest_mimic::run(&arguments, trials(&table));
    if arguments.list {
        return conclusion.exit_code();
    }
    let table = table.lock().unwrap_or_else(PoisonError::into_inner);
    let logs = logs::searched();
    if let Some(tables) = verdicts::tables(&table) {
        println!("\nVerdicts of the answer rows\n{tables}");
    }
    println!("{}", table.text(&logs));
    let is_whole = conclusion.num_filtered_out == 0;
    if !logs.leaks.is_empty() {
        return ExitCode::FAILURE;
    }
    if let Err(problem) = verdicts::compare(&table, page) {
        println!("{problem}");
        return ExitCode::FAILURE;
    }
    if is_whole && table.executions() < EXECUTIONS_MIN {
        println!("expected {EXECUTIONS_MIN} executions at the least, there were {}", table.executions());
        return ExitCode::FAILURE;
    }
    conclusion.exit_code()
}

/// A test for each row and adapter.
fn trials(table: &Arc<Mutex<Summary>>) -> Vec<Trial> {
    let mut trials = Vec::new();
    for row in rows::all() {
        let mut add = |column: &'static str, cases: Vec<FaultCase>| {
            if cases.is_empty() {
                return;
            }
            let table = Arc::clone(table);
            trials.push(Trial::test(format!("{column}::{}", row.test_name()), move || {
                let executions = cases.len();
                let wrong = block_on(cases)?;
                conclude(&table, row.id, column, Cell { executions, wrong: wrong.len(), ..Cell::default() }, &wrong)
            }));
        };
        match row.plan {
            Plan::Each(cases) => profile::ALL.iter().for_each(|profile| add(profile.name(), cases(profile))),
            Plan::Answers(cases) => trials.extend(profile::ALL.iter().map(|profile| {
                let table = Arc::clone(table);
                Trial::test(format!("{}::{}", profile.name(), row.test_name()), move || {
                    let (cell, wrong) = answer(&cases(profile))?;
                    conclude(&table, row.id, profile.name(), cell, &wrong)
                })
            })),
            Plan::Once(cases) => add(summary::ONCE, cases()),
            Plan::Always | Plan::LeftOut(_) => {}
        }
    }
    trials
}

/// Notes the result of a row for an adapter.
fn conclude(
    table: &Mutex<Summary>,
    row: &'static str,
    column: &'static str,
    cell: Cell,
    wrong: &[String],
) -> Result<(), Failed> {
    table.lock().unwrap_or_else(PoisonError::into_inner).note(row, column, cell);
    if wrong.is_empty() {
        return Ok(());
    }
    let shown = wrong.get(..SHOWN).unwrap_or(wrong).join("\n");
    Err(format!("{} wrong results, of which the first are\n{shown}", wrong.len()).into())
}

/// Plays the answers of a row one after the other. Returns the failures.
fn answer(cases: &[AnswerCase]) -> Result<(Cell, Vec<String>), Failed> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (mut cell, mut wrong) = (Cell::default(), Vec::new());
    for case in cases {
        let (claim, checked) = runtime.block_on(answers::case::play(case));
        cell.executions += 1;
        cell.verdicts.note(claim);
        wrong.extend(checked.err().map(|failure| failure.to_string()));
    }
    cell.wrong = wrong.len();
    Ok((cell, wrong))
}

/// Plays all cases at the same time, and then those that must be alone, one by one. Returns the failures.
fn block_on(cases: Vec<FaultCase>) -> Result<Vec<String>, Failed> {
    let (alone, together): (Vec<_>, Vec<_>) = cases.into_iter().partition(|case| case.setup.is_alone);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut wrong = runtime.block_on(play(together));
    for case in alone {
        // As in an application, a busy thread does not delay the timers of another.
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build()?;
        wrong.extend(runtime.block_on(play(vec![case])));
        runtime.shutdown_background();
    }
    Ok(wrong)
}

async fn play(cases: Vec<FaultCase>) -> Vec<String> {
    let (mut plays, mut wrong, mut ready) = (JoinSet::new(), Vec::new(), Vec::new());
    // All are ready before the first begins: setting one up keeps the thread busy, and calls have short timeouts.
    for case in cases {
        match FaultHarness::open(&case.setup) {
            Ok(harness) => ready.push((case, harness)),
            Err(failure) => wrong.push(format!("{}: {failure}", case.name)),
        }
    }
    for (case, harness) in ready {
        plays.spawn(oracle::play(case, Arc::new(harness)));
    }
    while let Some(played) = plays.join_next().await {
        match played {
            Ok(Ok(())) => {}
            Ok(Err(failure)) => wrong.push(failure.to_string()),
            Err(panic) => wrong.push(format!("a case panicked: {panic}")),
        }
    }
    wrong
}
