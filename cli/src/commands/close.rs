//! `transom close`: closes a conversation. Only GoSendAPI supports it.

use std::process::ExitCode;

use serde_json::json;
use transom::{Error, ErrorKind};
use transom_gosendapi::{CloseReason, GoSendApi};

use crate::args::{CloseArgs, Common};
use crate::channel;
use crate::output::{Failure, Output, good};
use crate::target;

pub(crate) async fn run(common: &Common, args: &CloseArgs, output: &Output) -> Result<ExitCode, Failure> {
    let reason = args.reason.as_deref().map(reason).transpose()?;
    let channel = target::open(common, output)?;
    let on = |error: Error| Failure::on(error, &channel.name, channel.provider);
    // Becomes a method of `Messenger` once a second provider closes conversations.
    if channel.provider != transom_gosendapi::PROVIDER.name {
        return Err(on(Error::new(ErrorKind::Unsupported, "this provider cannot close conversations")));
    }
    let context = channel::context(&channel.config).map_err(on)?;
    let account = GoSendApi::connect(&channel.config, context).map_err(on)?;
    account.close_conversation(&args.id, reason).await.map_err(|error| on(error.with_provider(channel.provider)))?;
    let closed = json!({ "channel": channel.name, "provider": channel.provider, "id": args.id, "state": "ended" });
    output.result(&closed, || [good("closed").text(format!(": conversation {} has ended", args.id))]);
    Ok(ExitCode::SUCCESS)
}

fn reason(word: &str) -> Result<CloseReason, Failure> {
    match word {
        "manual_close" => Ok(CloseReason::Manual),
        "agent_close" => Ok(CloseReason::Agent),
        _ => Err(Failure::usage(format!("--reason {word}: expected `manual_close` or `agent_close`"))),
    }
}
