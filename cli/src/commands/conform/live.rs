//! `--target live`: does a provider still answer as its pages say?

use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::process::ExitCode;
use std::sync::Arc;

use serde::Serialize;
use transom::{Context, Messenger as _, Template};
use transom_conformance::live::{self, Permission, Recorder, Step, StepReport};

use crate::args::{Common, ConformArgs};
use crate::channel::{self, Channel};
use crate::commands::send::phone_of;
use crate::output::{Failure, Output, bad, good};

/// Asks each channel, after saying what will be asked.
pub(super) async fn run(common: &Common, args: &ConformArgs, output: &Output) -> Result<ExitCode, Failure> {
    let permission = permission(args)?;
    let names: Vec<Option<String>> = match (args.channels.as_slice(), &common.channel) {
        ([], None) => vec![None],
        ([], Some(channel)) => vec![Some(channel.clone())],
        (several, _) => several.iter().cloned().map(Some).collect(),
    };
    let mut asked = Vec::new();
    for channel in names {
        let common = Common { channel, ..common.clone() };
        let channel = channel::open(&common, output)?;
        let steps = live::plan(channel.client.capabilities(), &permission);
        show(&channel, &steps, output);
        if steps.iter().any(|step| matches!(step, Step::Send(_))) && !args.yes {
            confirm(&channel, output)?;
        }
        let reports = ask(&channel, &steps).await?;
        asked.push(Asked { channel: channel.name.clone(), provider: channel.provider, steps: reports });
    }
    if let Some(folder) = &args.report {
        write(folder, &asked).map_err(|error| Failure::usage(format!("--report {}: {error}", folder.display())))?;
    }
    // What was not asked is not proved.
    let all_well =
        asked.iter().all(|asked| !asked.steps.is_empty() && asked.steps.iter().all(StepReport::is_as_documented));
    output.result(&asked, || text(&asked));
    Ok(if all_well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What one channel answered.
#[derive(Serialize)]
struct Asked {
    channel: String,
    provider: &'static str,
    steps: Vec<StepReport>,
}

fn permission(args: &ConformArgs) -> Result<Permission, Failure> {
    let mut permission = Permission::default();
    for number in &args.allow {
        permission.contacts.push(phone_of("--allow", number)?);
    }
    if args.max_messages > 0 && permission.contacts.is_empty() {
        return Err(Failure::usage("--max-messages: no number may be written to; name some with --allow"));
    }
    permission.messages = args.max_messages;
    permission.template = args.template.as_ref().map(|name| Template::new(name.as_str(), "en"));
    Ok(permission)
}

/// The plan, before anything happens.
fn show(channel: &Channel, steps: &[Step], output: &Output) {
    output.note(&format!("{} ({}):", channel.name, channel.provider));
    if steps.is_empty() {
        output
            .note("  nothing: this provider lists nothing, and no message may be sent; see --allow and --max-messages");
    }
    for step in steps {
        output.note(&format!("  {step}"));
    }
}

/// Sends cost money and reach people: the channel's name has to be typed.
fn confirm(channel: &Channel, output: &Output) -> Result<(), Failure> {
    let refused = |why: &str| Failure::usage(format!("nothing was sent: {why}"));
    if !std::io::stdin().is_terminal() {
        return Err(refused("messages are sent after a typed confirmation, or with --yes"));
    }
    output.note(&format!("To send these messages, type the channel's name, {}:", channel.name));
    let _ = std::io::stderr().flush();
    let mut typed = String::new();
    let read = std::io::stdin().lock().read_line(&mut typed);
    match read {
        Ok(_) if typed.trim() == channel.name => Ok(()),
        _ => Err(refused("the channel's name was not typed")),
    }
}

async fn ask(channel: &Channel, steps: &[Step]) -> Result<Vec<StepReport>, Failure> {
    let on = |error| Failure::on(error, &channel.name, channel.provider);
    let context = channel::context(&channel.config).map_err(on)?;
    let recorder = Recorder::new(context.transport);
    let context = Context { transport: Arc::clone(&recorder) as Arc<dyn transom::Transport>, clock: context.clock };
    let client = channel.registry.connect_with(&channel.config, context).map_err(on)?;
    let provider = channel.registry.provider(channel.provider).map_err(on)?;
    let mut reports = Vec::with_capacity(steps.len());
    for step in steps {
        reports.push(live::take(provider, &client, &recorder, step).await);
    }
    Ok(reports)
}

fn write(folder: &std::path::Path, asked: &[Asked]) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let text = serde_json::to_string_pretty(asked).map_err(std::io::Error::other)?;
    crate::file::replace(&folder.join("drift.json"), &text)
}

fn text(asked: &[Asked]) -> String {
    let mut lines = Vec::new();
    for asked in asked {
        for report in &asked.steps {
            let verdict = if report.is_as_documented() { good("as documented") } else { bad("drift") };
            let error = report.error.as_ref().map(|error| format!(": {error}")).unwrap_or_default();
            lines.push(format!("{}: {}: {verdict}, {}{error}", asked.channel, report.step, report.outcome));
            if report.answers == 0 {
                lines.push("    no answer came".to_owned());
            }
            lines.extend(report.drift.iter().map(|drift| format!("    {drift}")));
        }
    }
    if lines.is_empty() {
        lines.push("nothing was asked".to_owned());
    }
    lines.join("\n")
}
