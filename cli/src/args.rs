//! The command line.

use std::path::PathBuf;

use clap::{ArgGroup, Args, CommandFactory as _, Parser, Subcommand, ValueEnum};

/// Send WhatsApp messages through any provider, and test without one.
#[derive(Debug, Parser)]
#[command(name = "transom", version, propagate_version = true, after_help = EXIT_CODES)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The options of every command.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Options of every command")]
pub(crate) struct Common {
    /// The configuration file [default: transom.toml]
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// The channel: a name from the configuration, @NAME for an environment variable that holds a URI, or a URI
    /// [default: the file's `default`, else the URI in `TRANSOM_URL`]
    #[arg(long, global = true, value_name = "CHANNEL")]
    pub(crate) channel: Option<String>,
    /// Print JSON
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// The timeout of one request, such as 10s
    #[arg(long, global = true, value_name = "DURATION")]
    pub(crate) timeout: Option<String>,
    /// The file that records when each contact last wrote
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) ledger: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Send one message
    Send(Box<SendArgs>),
    /// Show whether the session window of a contact is open
    Session(SessionArgs),
    /// Show what a send would do, with the exact request, without sending
    Plan(Box<PlanArgs>),
    /// List the senders of the account
    Senders,
    /// List the templates with their status
    Templates,
    /// List the conversations
    Conversations(ConversationsArgs),
    /// Close a conversation
    Close(CloseArgs),
    /// Verify a webhook call and print its events, one JSON object per line
    Webhook(WebhookArgs),
    /// Receive webhook calls at /CHANNEL and print their events
    Listen(ListenArgs),
    /// Run the conformance suite and write a report
    Conform(ConformArgs),
    /// Explain a provider's error code and name the source
    Explain(ExplainArgs),
    /// Check the configuration
    Doctor(DoctorArgs),
    /// Run the mock server of all four providers on one port
    Mock(MockArgs),
    /// Create the crate of a new adapter, with a simulator and the conformance suite; only its encoder is missing
    NewAdapter(NewAdapterArgs),
    /// Send messages through each provider, against the mock server
    Demo,
    /// Write a configuration file with comments
    Init(InitArgs),
    /// Print a completion script for a shell
    Completions(CompletionsArgs),
    /// Print the manual page
    Man,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    transom send --to +919876543210 --text 'Your parcel leaves today.'\n  \
    transom send --to +919876543210 --image https://example.com/map.png --caption 'We are here.'\n  \
    transom send --to +919876543210 --template visit_reminder --param Ana --param 12/02\n  \
    transom send --to +919876543210 --text 'Hello' --fallback-template follow_up --param Ana\n  \
    transom send --message message.json\n\n\
    The JSON of --message:\n  \
    {\"to\":\"+919876543210\",\"content\":{\"type\":\"text\",\"body\":\"Hello\"},\n   \
    \"fallback\":{\"type\":\"template\",\"name\":\"follow_up\",\"language\":\"en\",\"body\":[\"Ana\"]},\"reference\":\"order-17\"}\n  \
    content is also one of\n  \
    {\"type\":\"image\",\"link\":\"https://…\",\"caption\":\"…\"}   (video, audio, document, sticker)\n  \
    {\"type\":\"location\",\"latitude\":13.08,\"longitude\":80.27,\"name\":\"…\",\"address\":\"…\"}\n  \
    {\"type\":\"buttons\",\"body\":\"…\",\"buttons\":[{\"id\":\"yes\",\"title\":\"Yes\"}]}\n  \
    {\"type\":\"list\",\"body\":\"…\",\"button\":\"Slots\",\"sections\":[{\"title\":\"Mon\",\"rows\":[{\"id\":\"m9\",\"title\":\"09:00\"}]}]}\n  \
    {\"type\":\"reaction\",\"message_id\":\"…\",\"emoji\":\"👍\"}\n  \
    {\"type\":\"template\",\"name\":\"sale\",\"language\":\"en\",\"body\":[\"Ana\"],   (or {\"customer\":\"Ana\"})\n   \
    \"header\":{\"type\":\"image\",\"link\":\"https://…\"},\"buttons\":[{\"type\":\"url\",\"index\":0,\"text\":\"88\"},\n   \
    {\"type\":\"quick_reply\",\"index\":1,\"payload\":\"OK\"},{\"type\":\"copy_code\",\"index\":2,\"coupon_code\":\"SAVE25\"},\n   \
    {\"type\":\"flow\",\"index\":3,\"flow_token\":\"…\",\"flow_action_data\":{}}],\n   \
    \"limited_time_offer\":{\"expires_at\":\"2026-12-24T18:00:00Z\"},\n   \
    \"carousel\":[{\"header\":{\"type\":\"image\",\"link\":\"https://…\"},\"body\":[\"5\"],\"buttons\":[]}]}")]
pub(crate) struct SendArgs {
    #[command(flatten)]
    pub(crate) message: MessageArgs,
}

/// The message of `send` and `plan`.
#[derive(Debug, Args)]
#[command(group(
    ArgGroup::new("content")
        .args(["text", "image", "video", "audio", "document", "sticker", "location", "template", "message"])
        .required(true)
))]
pub(crate) struct MessageArgs {
    /// The contact's phone number: with + and country code, or as dialled in the channel's `default_country`
    #[arg(long, value_name = "PHONE", required_unless_present = "message", conflicts_with = "message")]
    pub(crate) to: Option<String>,
    /// Send this text
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub(crate) text: Option<String>,
    /// Send this image: a link, or the id of an upload
    #[arg(long, value_name = "URL_OR_ID")]
    pub(crate) image: Option<String>,
    /// Send this video
    #[arg(long, value_name = "URL_OR_ID")]
    pub(crate) video: Option<String>,
    /// Send this audio, which has no caption
    #[arg(long, value_name = "URL_OR_ID")]
    pub(crate) audio: Option<String>,
    /// Send this document
    #[arg(long, value_name = "URL_OR_ID")]
    pub(crate) document: Option<String>,
    /// Send this sticker
    #[arg(long, value_name = "URL_OR_ID")]
    pub(crate) sticker: Option<String>,
    /// The caption of the image, video or document
    #[arg(long, value_name = "CAPTION", allow_hyphen_values = true, conflicts_with_all = ["text", "location", "template", "message"])]
    pub(crate) caption: Option<String>,
    /// Send this location, in degrees, such as 13.08,80.27
    #[arg(long, value_name = "LAT,LON", allow_hyphen_values = true)]
    pub(crate) location: Option<String>,
    /// Send this template
    #[arg(long, value_name = "NAME", conflicts_with = "fallback_template")]
    pub(crate) template: Option<String>,
    /// The template's language [default: en]
    #[arg(long, value_name = "LANGUAGE", conflicts_with = "message")]
    pub(crate) lang: Option<String>,
    /// A template parameter: a value for the next position, or NAME=VALUE
    #[arg(long = "param", value_name = "VALUE", allow_hyphen_values = true, conflicts_with = "message")]
    pub(crate) params: Vec<String>,
    /// Send this template instead if the 24-hour window is closed; --lang and --param belong to it
    #[arg(long, value_name = "NAME", conflicts_with = "message")]
    pub(crate) fallback_template: Option<String>,
    /// Your own reference for the message; it is part of its delivery events
    #[arg(long, value_name = "REFERENCE", allow_hyphen_values = true, conflicts_with = "message")]
    pub(crate) reference: Option<String>,
    /// A file with the message as JSON, or - for the standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) message: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    transom plan --to +919876543210 --text 'Your parcel leaves today.'\n  \
    transom plan --to +919876543210 --text 'Hello' --fallback-template follow_up --param Ana --reveal\n  \
    transom plan --message message.json --curl")]
pub(crate) struct PlanArgs {
    #[command(flatten)]
    pub(crate) message: MessageArgs,
    /// Print a curl command that sends the request; its credentials are environment variables, its numbers are shown
    #[arg(long)]
    pub(crate) curl: bool,
    /// Show phone numbers
    #[arg(long)]
    pub(crate) reveal: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    transom init\n  \
    transom init --mock    # then: transom mock")]
pub(crate) struct InitArgs {
    /// Write channels of the mock server on 127.0.0.1:4010, which work at once
    #[arg(long)]
    pub(crate) mock: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "Example:\n  \
    transom completions bash > ~/.local/share/bash-completion/completions/transom")]
pub(crate) struct CompletionsArgs {
    /// The shell
    pub(crate) shell: clap_complete::Shell,
}

#[derive(Debug, Args)]
pub(crate) struct SessionArgs {
    /// The contact's phone number: with + and country code, or as dialled in the channel's `default_country`
    #[arg(long, value_name = "PHONE")]
    pub(crate) to: String,
}

#[derive(Debug, Args)]
pub(crate) struct ConversationsArgs {
    /// Only conversations with this contact
    #[arg(long, value_name = "PHONE")]
    pub(crate) to: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct CloseArgs {
    /// The conversation's id
    pub(crate) id: String,
    /// The reason, in the provider's words: `manual_close` or `agent_close`
    #[arg(long, value_name = "REASON")]
    pub(crate) reason: Option<String>,
}

#[derive(Debug, Args)]
#[command(after_help = "Reads the body of the call from the standard input, byte for byte.\n\nExample:\n  \
    transom webhook --channel india --header 'X-Exotel-Signature: sha256=…' < body.json")]
pub(crate) struct WebhookArgs {
    /// A header of the call, `Name: value`; can be repeated
    #[arg(long = "header", value_name = "HEADER")]
    pub(crate) headers: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct ListenArgs {
    /// The loopback port to listen on; 0 picks a free port
    #[arg(long, value_name = "PORT", default_value_t = 4020)]
    pub(crate) port: u16,
    /// Forward each call unchanged to this URL
    #[arg(long, value_name = "URL")]
    pub(crate) forward: Option<String>,
    /// Also read unsigned calls to this host name, such as a tunnel's; can be repeated
    #[arg(long, value_name = "NAME")]
    pub(crate) allow_host: Vec<String>,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    transom explain exotel 30018\n  \
    transom explain autocalls TWILIO_ERROR_63016\n  \
    transom explain gosendapi 131047\n  \
    transom explain gosendapi 403\n  \
    transom explain messangi")]
pub(crate) struct ExplainArgs {
    /// The provider's name
    pub(crate) provider: String,
    /// The code, as the provider writes it, or an HTTP status; without it, all codes
    pub(crate) code: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct DoctorArgs {
    /// Also send each provider a free request, to check the credentials
    #[arg(long)]
    pub(crate) live: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    transom conform --all --report target/conform\n  \
    transom conform --channel exotel --group delivery\n  \
    transom conform --name a_lost_answer --list\n\nExit codes:\n  \
    0  every case passed; with --target live, every step matched the documentation\n  \
    1  a case failed, adapters differ unexpectedly, or a step did not match the documentation\n  \
    2  usage or configuration error\n  \
    3  with --target live: it is unknown whether a message was sent")]
pub(crate) struct ConformArgs {
    /// All built-in adapters (the default); with --target live, all channels of the configuration
    #[arg(long, conflicts_with = "channel")]
    pub(crate) all: bool,
    // Replaces the common option of the same name.
    /// The adapter of this provider, or of this channel of the configuration; can be repeated
    #[arg(id = "channel", long = "channel", value_name = "CHANNEL", num_args = 1..)]
    pub(crate) channels: Vec<String>,
    /// Run against the mock server in this process, or against the provider
    #[arg(long, value_enum, value_name = "TARGET", default_value_t = ConformTarget::Mock)]
    pub(crate) target: ConformTarget,
    /// Only this group of scenarios
    #[arg(long, value_name = "GROUP")]
    pub(crate) group: Option<String>,
    /// Only scenarios with this text in their name
    #[arg(long, value_name = "TEXT")]
    pub(crate) name: Option<String>,
    /// Write report.json, junit.xml and index.html into this folder
    #[arg(long, value_name = "DIR")]
    pub(crate) report: Option<PathBuf>,
    /// List the cases with their contracts, and run none; with --target live, list the steps
    #[arg(long)]
    pub(crate) list: bool,
    /// The seed of random cases [default: a fixed number]
    #[arg(long, value_name = "NUMBER")]
    pub(crate) seed: Option<u64>,
    /// With --target live: a contact for session lookups and, with --max-messages, for messages
    #[arg(long, value_name = "PHONE")]
    pub(crate) allow: Vec<String>,
    /// With --target live: send at most this many messages, after a typed confirmation; 0 only reads
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    pub(crate) max_messages: usize,
    /// With --target live: also send this template, which must have no parameters
    #[arg(long, value_name = "NAME")]
    pub(crate) template: Option<String>,
    /// With --target live: send without a confirmation
    #[arg(long)]
    pub(crate) yes: bool,
}

/// What the suite runs against.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ConformTarget {
    /// The mock server in this process
    Mock,
    /// A provider's live service
    Live,
}

#[derive(Debug, Args)]
#[allow(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(crate) struct MockArgs {
    /// The loopback address to listen on; port 0 picks a free port
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:4010")]
    pub(crate) listen: String,
    /// Allow a --listen address that other machines can reach; needs a token
    #[arg(long)]
    pub(crate) listen_public: bool,
    /// Require this file's token (at least 32 characters) for control calls [default: the token in `TRANSOM_MOCK_TOKEN`, if set]
    #[arg(long, value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,
    /// Also accept this host name for the control plane and the console, such as a container's name; can be repeated
    #[arg(long, value_name = "NAME")]
    pub(crate) allow_host: Vec<String>,
    /// Also allow webhook targets in this network, such as 10.1.0.0/16; can be repeated
    #[arg(long, value_name = "CIDR")]
    pub(crate) allow_webhook_net: Vec<String>,
    /// Strict mode: reject every documented violation and accept only the demo credentials
    #[arg(long)]
    pub(crate) strict: bool,
    /// Keep the state in this file: read at the start if it exists, written after changes and at the stop
    #[arg(long, value_name = "FILE")]
    pub(crate) state: Option<PathBuf>,
    /// The seed of ids: the same seed and the same calls give the same ids
    #[arg(long, value_name = "NUMBER")]
    pub(crate) seed: Option<u64>,
    /// Also speak TLS on the same port
    #[arg(long)]
    pub(crate) tls: bool,
    /// Write the certificate of the authority for --tls to this file
    #[arg(long, value_name = "FILE", requires = "tls", conflicts_with = "tls_cert")]
    pub(crate) tls_ca: Option<PathBuf>,
    /// Also speak TLS, with the certificate in this PEM file and the chain behind it, in place of a generated one
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub(crate) tls_cert: Option<PathBuf>,
    /// The key of --tls-cert, in PEM
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub(crate) tls_key: Option<PathBuf>,
    /// Also trust the authorities in this PEM file for https webhook targets
    #[arg(long, value_name = "FILE")]
    pub(crate) webhook_ca: Option<PathBuf>,
    /// Print no line for each request
    #[arg(long)]
    pub(crate) quiet: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    transom new-adapter acme\n  \
    transom new-adapter acme --path ../acme-adapter --transom-path .")]
pub(crate) struct NewAdapterArgs {
    /// The provider's name in the configuration: one word of lower-case letters and digits
    pub(crate) name: String,
    /// The folder of the crate, which must be new or empty [default: transom-NAME]
    #[arg(long, value_name = "FOLDER")]
    pub(crate) path: Option<PathBuf>,
    /// Build with this checkout of Transom instead of the published crates
    #[arg(long, value_name = "FOLDER")]
    pub(crate) transom_path: Option<PathBuf>,
}

/// The common options that each command uses. The others are accepted there, too, and hidden in its help.
const COMMON: &[(&str, &[&str])] = &[
    ("send", &["config", "channel", "json", "timeout", "ledger"]),
    ("session", &["config", "channel", "json", "timeout", "ledger"]),
    ("plan", &["config", "channel", "json", "timeout", "ledger"]),
    ("senders", &["config", "channel", "json", "timeout"]),
    ("templates", &["config", "channel", "json", "timeout"]),
    ("conversations", &["config", "channel", "json", "timeout"]),
    ("close", &["config", "channel", "json", "timeout"]),
    ("webhook", &["config", "channel", "json", "ledger"]),
    ("listen", &["config", "channel", "json", "ledger"]),
    ("conform", &["config", "channel", "json", "timeout"]),
    ("explain", &["json"]),
    ("doctor", &["config", "channel", "json", "timeout"]),
    ("mock", &[]),
    ("new-adapter", &["json"]),
    ("demo", &["json"]),
    ("init", &["config", "json"]),
    ("completions", &[]),
    ("man", &[]),
];

impl Cli {
    /// The command line, with the help of each command cut to the options that it uses.
    pub(crate) fn command_line() -> clap::Command {
        let root = Self::command();
        let options: Vec<clap::Arg> = root.get_arguments().filter(|arg| arg.is_global_set()).cloned().collect();
        root.mut_subcommands(|command| {
            let used = used_by(command.get_name());
            let own: Vec<String> = command.get_arguments().map(|arg| arg.get_id().to_string()).collect();
            let hidden = options.iter().filter(|arg| {
                let id = arg.get_id().as_str();
                !used.contains(&id) && own.iter().all(|own| own != id)
            });
            let hidden: Vec<clap::Arg> = hidden.map(|arg| arg.clone().hide(true)).collect();
            command.args(hidden)
        })
    }

    /// The common options that were given and have no effect on the command.
    pub(crate) fn without_effect(&self, command: &str) -> Vec<&'static str> {
        let Common { config, channel, json, timeout, ledger } = &self.common;
        let given = [
            ("config", config.is_some()),
            ("channel", channel.is_some()),
            ("json", *json),
            ("timeout", timeout.is_some()),
            ("ledger", ledger.is_some()),
        ];
        let used = used_by(command);
        given.into_iter().filter(|(name, given)| *given && !used.contains(name)).map(|(name, _)| name).collect()
    }
}

fn used_by(command: &str) -> &'static [&'static str] {
    COMMON.iter().find(|(name, _)| *name == command).map_or(&[], |(_, used)| used)
}

const EXIT_CODES: &str = "Exit codes:\n  \
    0  success; a message was accepted\n  \
    1  failed, and nothing was sent\n  \
    2  usage or configuration error\n  \
    3  unknown whether the message was sent";
