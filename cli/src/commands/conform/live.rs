//! `--target live`: checks whether a provider still answers as its documentation says.

use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use transom::adapter::{Context, Provider};
use transom::{Client, PhoneNumber, Template};
use transom_conformance::drift::live::{self, Permission, Recorder, Step, StepVerdict};
use transom_conformance::report::{AskedChannel, DriftReport};

use crate::args::{Common, ConformArgs};
use crate::channel::{self, Channel};
use crate::commands::conform::report_folder::{prepare, write_failure};
use crate::output::{Failure, Line, Output, bad, good};
use crate::send_watch::SendWatch;
use crate::target;

/// Prints the steps of all channels, then runs them. No request leaves before all arguments and channels are valid.
pub(super) async fn run(common: &Common, args: &ConformArgs, output: &Output) -> Result<ExitCode, Failure> {
    let mut permission = permission(args)?;
    let watch = SendWatch::default();
    let plans = channels(common, args, output)?
        .into_iter()
        .map(|channel| ChannelPlan::new(channel, &mut permission, &watch))
        .collect::<Result<Vec<ChannelPlan>, Failure>>()?;
    for plan in &plans {
        plan.show(output);
    }
    if args.list {
        return Ok(ExitCode::SUCCESS);
    }
    if plans.iter().any(ChannelPlan::sends) && !args.yes {
        confirm(&plans, output)?;
    }
    if let Some(folder) = &args.report {
        prepare(folder)?;
    }
    let (began, clock) = (SystemTime::now(), Instant::now());
    let mut asked = Vec::new();
    let done = watch.until_signal(async {
        for plan in plans {
            asked.push(plan.run().await);
        }
    });
    done.await.map_err(|signal| watch.failure(signal))?;
    let report = DriftReport::of(asked, began, clock.elapsed());
    let written = args.report.as_ref().map(|folder| (folder, report.write(folder)));
    // Prints the results also if the report could not be written.
    output.result(&report, || lines(&report));
    if let Some((folder, written)) = written {
        written.map_err(|error| write_failure(folder, &error))?;
        if !output.is_json() {
            output.line(format!("report: {}", folder.join("index.html").display()));
        }
    }
    Ok(match report.verdict() {
        _ if report.is_all_well() => ExitCode::SUCCESS,
        Some(StepVerdict::InDoubt) => ExitCode::from(3),
        _ => ExitCode::FAILURE,
    })
}

/// The named channels, all configured ones with `--all`, or else the default one. A failover channel stands for its members.
fn channels(common: &Common, args: &ConformArgs, output: &Output) -> Result<Vec<Channel>, Failure> {
    let configs = match args.channels.as_slice() {
        [] if args.all => target::all(common, output)?,
        [] => vec![target::open(common, output)?.config],
        several => {
            let mut configs = Vec::new();
            for name in several {
                configs.extend(target::all(&Common { channel: Some(name.clone()), ..common.clone() }, output)?);
            }
            configs
        }
    };
    let mut channels: Vec<Channel> = Vec::new();
    for config in configs {
        if channels.iter().all(|known| known.name != config.name()) {
            channels.push(channel::connect(common, config)?);
        }
    }
    Ok(channels)
}

/// A channel and the steps to run on it.
struct ChannelPlan {
    name: String,
    provider: Provider,
    client: Client,
    recorder: Arc<Recorder>,
    steps: Vec<Step>,
}

impl ChannelPlan {
    /// Plans the steps, and subtracts their messages from the permission of the whole run.
    fn new(channel: Channel, permission: &mut Permission, watch: &SendWatch) -> Result<Self, Failure> {
        let on = |error| Failure::on(error, &channel.name, channel.provider);
        let context = channel::context(&channel.config).map_err(on)?;
        let recorder = Recorder::new(watch.transport(context.transport));
        let context = Context {
            transport: Arc::clone(&recorder) as Arc<dyn transom::transport::Transport>,
            clock: context.clock,
        };
        let client = channel.registry.connect_with(&channel.config, context).map_err(on)?.layer(watch.clone());
        let provider = *channel.registry.provider(channel.provider).map_err(on)?;
        let steps = live::plan(client.capabilities(), permission);
        permission.messages -= steps.iter().filter(|step| step.sends()).count().min(permission.messages);
        Ok(Self { name: channel.name, provider, client, recorder, steps })
    }

    fn sends(&self) -> bool {
        self.steps.iter().any(Step::sends)
    }

    fn show(&self, output: &Output) {
        output.note(format!("{} ({}):", self.name, self.provider.name));
        if self.steps.is_empty() {
            output.note(
                "  no step: this provider has no lists, and no message may be sent; see --allow and --max-messages",
            );
        }
        for step in &self.steps {
            output.note(format!("  {step}"));
        }
    }

    async fn run(self) -> AskedChannel {
        let mut reports = Vec::with_capacity(self.steps.len());
        for step in &self.steps {
            reports.push(live::take(&self.provider, &self.client, &self.recorder, step).await);
        }
        AskedChannel { channel: self.name, provider: self.provider.name, steps: reports }
    }
}

fn permission(args: &ConformArgs) -> Result<Permission, Failure> {
    let mut permission = Permission::default();
    for number in &args.allow {
        let phone: PhoneNumber = number.parse().map_err(|error| Failure::usage(format!("--allow: {error}")))?;
        if !permission.contacts.contains(&phone) {
            permission.contacts.push(phone);
        }
    }
    if args.max_messages > 0 && permission.contacts.is_empty() {
        return Err(Failure::usage("--max-messages: no number is allowed; name one with --allow"));
    }
    if args.template.is_some() && args.max_messages == 0 {
        return Err(Failure::usage("--template: no message may be sent; pass --max-messages"));
    }
    permission.messages = args.max_messages;
    permission.template = args.template.as_ref().map(|name| Template::new(name.as_str()));
    Ok(permission)
}

/// Asks the user to type the names of the channels that send, because messages cost money and reach people.
fn confirm(plans: &[ChannelPlan], output: &Output) -> Result<(), Failure> {
    let refused = |why: &str| Failure::usage(format!("nothing was sent: {why}"));
    if !std::io::stdin().is_terminal() {
        return Err(refused("sending needs a typed confirmation, or --yes"));
    }
    let sending: Vec<&str> = plans.iter().filter(|plan| plan.sends()).map(|plan| plan.name.as_str()).collect();
    let names = sending.join(" ");
    output.note(format!("To send these messages, type {names}:"));
    let _ = std::io::stderr().flush();
    let mut typed = String::new();
    let read = std::io::stdin().lock().read_line(&mut typed);
    match read {
        Ok(_) if typed.split_whitespace().eq(sending) => Ok(()),
        _ => Err(refused(&format!("`{names}` was not typed"))),
    }
}

fn lines(report: &DriftReport) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for asked in &report.channels {
        if asked.steps.is_empty() {
            lines.push(format!("{}: no step to run, nothing was sent", asked.channel).into());
        }
        for step in &asked.steps {
            let words = step.verdict.as_str().replace('_', " ");
            let verdict = if step.verdict == StepVerdict::AsDocumented { good(&words) } else { bad(&words) };
            let error = step.error.as_ref().map(|error| format!(": {error}")).unwrap_or_default();
            let place = Line::from(format!("{}: {}: ", asked.channel, step.step));
            lines.push(place.then(&verdict).text(format!(", {}{error}", step.outcome)));
            lines.extend(step.drift.iter().map(|drift| format!("    {drift}").into()));
            lines.extend(
                step.not_shown.iter().map(|call| format!("    {call}: this response is not documented").into()),
            );
        }
    }
    let totals = report.totals;
    let (matched, steps, differences) = (totals.as_documented, totals.steps, totals.differences);
    lines.push(format!("{matched} of {steps} steps as documented, {differences} differences").into());
    lines
}
