//! The `transom` command: send, look up windows, run the mock, see the whole path in a demo.

mod args;
mod channel;
mod commands;
mod ledger_file;
mod output;

use std::process::ExitCode;

use clap::Parser as _;

use crate::args::{Cli, Command};
use crate::output::{Failure, Output};

#[tokio::main]
async fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return output::usage(&error),
    };
    let output = Output::new(cli.common.json);
    let done = match &cli.command {
        Command::Send(args) => commands::send::run(&cli.common, args, &output).await,
        Command::Session(args) => commands::session::run(&cli.common, args, &output).await,
        Command::Mock(args) => commands::mock::run(args, &output).await,
        Command::Demo => commands::demo::run(&output).await,
    };
    done.unwrap_or_else(|failure: Failure| output.failure(&failure))
}
