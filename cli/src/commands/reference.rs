//! `transom completions` and `transom man`: generated from the command line.

use std::process::ExitCode;

use crate::args::{Cli, CompletionsArgs};
use crate::output::{Failure, Output};

pub(crate) fn completions(args: &CompletionsArgs, output: &Output) -> ExitCode {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command_line(), "transom", &mut script);
    output.raw(&script);
    ExitCode::SUCCESS
}

/// Prints one page: the command, then each of its commands.
pub(crate) fn man(output: &Output) -> Result<ExitCode, Failure> {
    let problem = |error: std::io::Error| Failure::usage(format!("the manual page: {error}"));
    let mut page = Vec::new();
    let mut command = Cli::command_line();
    command.build();
    clap_mangen::Man::new(command.clone()).render(&mut page).map_err(problem)?;
    for sub in command.get_subcommands().filter(|sub| sub.get_name() != "help") {
        let sub = sub.clone().display_name(format!("transom-{}", sub.get_name()));
        clap_mangen::Man::new(sub).render(&mut page).map_err(problem)?;
    }
    output.raw(&page);
    Ok(ExitCode::SUCCESS)
}
