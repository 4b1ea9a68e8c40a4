//! The `transom` command.

mod args;
mod channel;
mod commands;
mod failover;
mod fs;
mod ledger;
mod output;
mod printer;
mod redact;
mod send_watch;
mod signals;
mod target;

use std::process::ExitCode;

use clap::FromArgMatches as _;

use crate::args::{Cli, Command};
use crate::output::{Failure, Output};

/// mimalloc reduces the mock's CPU time per request by about 10 %.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let parsed = Cli::command_line().try_get_matches();
    let parsed = parsed.and_then(|matches| Ok((Cli::from_arg_matches(&matches)?, matches)));
    let (cli, matches) = match parsed {
        Ok(parsed) => parsed,
        Err(error) => return output::usage(&error),
    };
    let command = matches.subcommand_name().unwrap_or_default();
    for option in cli.without_effect(command) {
        Output::new(false).note(format!("note: --{option} has no effect on `{command}`"));
    }
    // The mock handles each request under one lock. Moving requests between threads costs more than the work itself.
    let mut builder = match cli.command {
        Command::Mock(_) => tokio::runtime::Builder::new_current_thread(),
        _ => tokio::runtime::Builder::new_multi_thread(),
    };
    match builder.enable_all().build() {
        Ok(runtime) => {
            let code = runtime.block_on(run(&cli));
            // Waits for no thread, which a name lookup or a full output may hold.
            runtime.shutdown_background();
            code
        }
        Err(error) => {
            Output::new(cli.common.json).failure(&Failure::usage(format!("the runtime cannot be started: {error}")))
        }
    }
}

async fn run(cli: &Cli) -> ExitCode {
    let output = Output::new(cli.common.json);
    let done = match &cli.command {
        Command::Send(args) => commands::send::run(&cli.common, args, &output).await,
        Command::Session(args) => commands::session::run(&cli.common, args, &output).await,
        Command::Plan(args) => commands::plan::run(&cli.common, args, &output).await,
        Command::Senders => commands::lists::senders(&cli.common, &output).await,
        Command::Templates => commands::lists::templates(&cli.common, &output).await,
        Command::Conversations(args) => commands::lists::conversations(&cli.common, args, &output).await,
        Command::Close(args) => commands::close::run(&cli.common, args, &output).await,
        Command::Webhook(args) => commands::webhook::run(&cli.common, args, &output),
        Command::Listen(args) => commands::listen::run(&cli.common, args, &output).await,
        Command::Conform(args) => commands::conform::run(&cli.common, args, &output).await,
        Command::Explain(args) => commands::explain::run(args, &output),
        Command::Doctor(args) => commands::doctor::run(&cli.common, args, &output).await,
        Command::Mock(args) => commands::mock::run(args, &output).await,
        Command::NewAdapter(args) => commands::new_adapter::run(args, &output),
        Command::Demo => commands::demo::run(&output).await,
        Command::Init(args) => commands::init::run(&cli.common, args, &output),
        Command::Completions(args) => Ok(commands::reference::completions(args, &output)),
        Command::Man => commands::reference::man(&output),
    };
    match done {
        // The failure of the command itself is more important than the output that was lost.
        Ok(code) if code == ExitCode::SUCCESS => output.lost().map_or(code, |lost| output.failure(&lost)),
        Ok(code) => code,
        Err(failure) => output.failure(&failure),
    }
}
