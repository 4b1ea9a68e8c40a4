//! `transom senders`, `templates` and `conversations`.

use std::process::ExitCode;

use serde::Serialize;
use transom::account::{Conversation, ConversationFilter, Sender, TemplateInfo};
use transom::time::rfc3339;
use transom::{Client, PhoneNumber, Result};

use crate::args::{Common, ConversationsArgs};
use crate::channel::Channel;
use crate::commands::send::phone;
use crate::output::{Failure, Line, Output};
use crate::target;

pub(crate) async fn senders(common: &Common, output: &Output) -> std::result::Result<ExitCode, Failure> {
    let channel = target::open(common, output)?;
    let listed = channel.client.senders().await;
    print(&channel, listed, output, ["ID", "PHONE", "STATUS", "NAME"], |sender: &Sender| {
        [
            sender.id.clone(),
            sender.phone.as_ref().map(PhoneNumber::to_string).unwrap_or_default(),
            sender.status.clone(),
            sender.name.clone().unwrap_or_default(),
        ]
    })
}

pub(crate) async fn templates(common: &Common, output: &Output) -> std::result::Result<ExitCode, Failure> {
    let channel = target::open(common, output)?;
    let listed = channel.client.templates().await;
    print(&channel, listed, output, ["TEMPLATE", "STATUS", "ID", "PARAMETERS"], |template: &TemplateInfo| {
        [
            format!("{} ({})", template.name, template.language),
            template.status.clone(),
            template.id.clone(),
            template.parameters.join(", "),
        ]
    })
}

pub(crate) async fn conversations(
    common: &Common,
    args: &ConversationsArgs,
    output: &Output,
) -> std::result::Result<ExitCode, Failure> {
    let filter = |client: Option<&Client>| match &args.to {
        Some(contact) => phone(contact, client).map(ConversationFilter::with_contact),
        None => Ok(ConversationFilter::default()),
    };
    let (target, filter) = target::connect_for(common, output, filter)?;
    let channel = target.single()?;
    let listed = channel.client.conversations(&filter).await;
    print(&channel, listed, output, ["ID", "CONTACT", "STATE", "LAST MESSAGE"], |conversation: &Conversation| {
        let last = conversation.last_inbound_at.map(rfc3339::format);
        [
            conversation.id.clone(),
            conversation.contact.as_ref().map(PhoneNumber::to_string).unwrap_or_default(),
            conversation.state.clone(),
            last.unwrap_or_default(),
        ]
    })
}

/// Prints a list: an array with `--json`, else aligned columns.
fn print<T: Serialize>(
    channel: &Channel,
    listed: Result<Vec<T>>,
    output: &Output,
    titles: [&str; 4],
    columns: impl Fn(&T) -> [String; 4],
) -> std::result::Result<ExitCode, Failure> {
    let listed = listed.map_err(|error| Failure::on(error, &channel.name, channel.provider))?;
    if output.is_json() {
        output.json(&listed);
        return Ok(ExitCode::SUCCESS);
    }
    // Escaped before the widths are measured.
    let shown = |cell: String| Line::from(cell).as_str().to_owned();
    let rows = listed.iter().map(|item| columns(item).map(shown));
    let rows: Vec<[String; 4]> = [titles.map(str::to_owned)].into_iter().chain(rows).collect();
    let width = |column: usize| {
        let widths = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
        widths.max().unwrap_or_default()
    };
    let widths = [width(0), width(1), width(2)];
    if listed.is_empty() {
        output.note("nothing is listed");
        return Ok(ExitCode::SUCCESS);
    }
    for [a, b, c, d] in &rows {
        let [wa, wb, wc] = widths;
        output.line(format!("{a:wa$}  {b:wb$}  {c:wc$}  {d}").trim_end());
    }
    Ok(ExitCode::SUCCESS)
}
