//! `transom init`: writes a configuration file.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use serde_json::json;

use crate::args::{Common, InitArgs};
use crate::output::{Failure, Line, Output, good};

const EXAMPLE: &str = include_str!("../../templates/transom.toml");
const MOCK: &str = include_str!("../../templates/transom-mock.toml");

pub(crate) fn run(common: &Common, args: &InitArgs, output: &Output) -> Result<ExitCode, Failure> {
    let path = common.config.clone().unwrap_or_else(|| PathBuf::from(crate::target::FILE));
    let problem = |error: std::io::Error| {
        let hint =
            if error.kind() == std::io::ErrorKind::AlreadyExists { "; name another file with --config" } else { "" };
        Failure::usage(format!("{}: {error}{hint}", path.display()))
    };
    let mut file = OpenOptions::new().write(true).create_new(true).open(&path).map_err(problem)?;
    file.write_all(if args.mock { MOCK } else { EXAMPLE }.as_bytes()).map_err(problem)?;
    let next: &[&str] = if args.mock {
        &[
            "Next:",
            "  transom mock                                              # in another terminal",
            "  transom send --to +919876543210 --template re_engagement_v1",
        ]
    } else {
        &["Next: take the comments off one channel, and run `transom doctor`"]
    };
    output.result(&json!({ "path": path }), || {
        let written = good("written").text(format!(" {}", path.display()));
        [written].into_iter().chain(next.iter().map(Line::from))
    });
    Ok(ExitCode::SUCCESS)
}
