//! `--target live`: does a provider still answer as its pages say?

use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use transom::{Context, Messenger as _, Template};
use transom_conformance::live::{self, Permission, Recorder, Step, StepReport};
use transom_conformance::report::{AskedChannel, DriftReport};

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
    let (began, clock) = (SystemTime::now(), Instant::now());
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
        asked.push(AskedChannel { channel: channel.name.clone(), provider: channel.provider, steps: reports });
    }
    let report = DriftReport::of(asked, began, clock.elapsed());
    if let Some(folder) = &args.report {
        report.write(folder).map_err(|error| super::unwritten(folder, &error))?;
    }
    output.result(&report, || text(&report, args.report.as_deref()));
    Ok(if report.is_all_well() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
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

fn text(report: &DriftReport, folder: Option<&Path>) -> String {
    let mut lines = Vec::new();
    for asked in &report.channels {
        for step in &asked.steps {
            let verdict = if step.is_as_documented() { good("as documented") } else { bad("drift") };
            let error = step.error.as_ref().map(|error| format!(": {error}")).unwrap_or_default();
            lines.push(format!("{}: {}: {verdict}, {}{error}", asked.channel, step.step, step.outcome));
            if step.answers == 0 {
                lines.push("    no answer came".to_owned());
            }
            lines.extend(step.drift.iter().map(|drift| format!("    {drift}")));
        }
    }
    if lines.is_empty() {
        lines.push("nothing was asked".to_owned());
    }
    lines.extend(folder.map(|folder| format!("report: {}", folder.join("index.html").display())));
    lines.join("\n")
}
