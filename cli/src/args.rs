//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Send WhatsApp messages through any provider, and test without one.
#[derive(Debug, Parser)]
#[command(name = "transom", version, propagate_version = true, after_help = EXIT_CODES)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command takes.
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
    /// How long one request may take, such as 10s
    #[arg(long, global = true, value_name = "DURATION")]
    pub(crate) timeout: Option<String>,
    /// The record of when each contact last wrote
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) ledger: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Send one message
    Send(Box<SendArgs>),
    /// May I write freely to this contact?
    Session(SessionArgs),
    /// Show what a send would do, and the exact request, without sending
    Plan(Box<SendArgs>),
    /// List the numbers that may send
    Senders,
    /// List the templates and their states
    Templates,
    /// List the conversations that the provider knows
    Conversations(ConversationsArgs),
    /// Close a conversation at the provider
    Close(CloseArgs),
    /// Verify a webhook call and print its events, one JSON object a line
    Webhook(WebhookArgs),
    /// Receive webhooks at /CHANNEL and print their events as they come
    Listen(ListenArgs),
    /// Prove an adapter: play the conformance suite against the mock, and keep the proof
    Conform(ConformArgs),
    /// What a provider's error code means here, and where that is known from
    Explain(ExplainArgs),
    /// Check the configuration
    Doctor(DoctorArgs),
    /// Run the mock of all four providers on one port
    Mock(MockArgs),
    /// Begin the crate of an adapter: everything but the encoder, with a simulator and the conformance suite
    NewAdapter(NewAdapterArgs),
    /// See a message travel through every layer to each provider, against the mock
    Demo,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    transom send --to +919876543210 --text 'Your parcel leaves today.'\n  \
    transom send --to +919876543210 --template visit_reminder --param Ana --param 12/02\n  \
    transom send --to +919876543210 --text 'Hello' --fallback-template follow_up --param Ana\n  \
    transom send --message message.json")]
pub(crate) struct SendArgs {
    /// The person's phone number, with its country code
    #[arg(long, value_name = "PHONE", required_unless_present = "message", conflicts_with = "message")]
    pub(crate) to: Option<String>,
    /// Send this text
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true, required_unless_present_any = ["template", "message"], conflicts_with_all = ["template", "message"])]
    pub(crate) text: Option<String>,
    /// Send this template
    #[arg(long, value_name = "NAME", conflicts_with_all = ["message", "fallback_template"])]
    pub(crate) template: Option<String>,
    /// The template's language [default: en]
    #[arg(long, value_name = "LANGUAGE", conflicts_with = "message")]
    pub(crate) lang: Option<String>,
    /// A template parameter: a value for the next position, or NAME=VALUE
    #[arg(long = "param", value_name = "VALUE", allow_hyphen_values = true, conflicts_with = "message")]
    pub(crate) params: Vec<String>,
    /// Send this template instead when the 24-hour window is closed; --lang and --param are then its
    #[arg(long, value_name = "NAME", conflicts_with = "message")]
    pub(crate) fallback_template: Option<String>,
    /// Your own name for the message; it comes back in delivery events
    #[arg(long, value_name = "REFERENCE", allow_hyphen_values = true, conflicts_with = "message")]
    pub(crate) reference: Option<String>,
    /// A file with the message as JSON, or - for standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) message: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct SessionArgs {
    /// The person's phone number, with its country code
    #[arg(long, value_name = "PHONE")]
    pub(crate) to: String,
}

#[derive(Debug, Args)]
pub(crate) struct ConversationsArgs {
    /// Only those with this contact
    #[arg(long, value_name = "PHONE")]
    pub(crate) to: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct CloseArgs {
    /// The conversation's id
    pub(crate) id: String,
    /// Why it is closed, in the provider's words
    #[arg(long, value_name = "REASON")]
    pub(crate) reason: Option<String>,
}

#[derive(Debug, Args)]
#[command(after_help = "The call's body is read from the standard input, byte for byte.\n\nExample:\n  \
    transom webhook --channel india --header 'X-Exotel-Signature: sha256=…' < body.json")]
pub(crate) struct WebhookArgs {
    /// A header of the call, `Name: value`; may be given several times
    #[arg(long = "header", value_name = "HEADER")]
    pub(crate) headers: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct ListenArgs {
    /// The loopback port to listen on; 0 takes a free one
    #[arg(long, value_name = "PORT", default_value_t = 4020)]
    pub(crate) port: u16,
    /// Pass each call on to this URL as it came
    #[arg(long, value_name = "URL")]
    pub(crate) forward: Option<String>,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    transom explain exotel 30018\n  \
    transom explain autocalls TWILIO_ERROR_63016\n  \
    transom explain gosendapi 131047")]
pub(crate) struct ExplainArgs {
    /// The provider's name
    pub(crate) provider: String,
    /// The code, as the provider writes it
    pub(crate) code: String,
}

#[derive(Debug, Args)]
pub(crate) struct DoctorArgs {
    /// Also ask each provider something that costs nothing, to see whether it knows us
    #[arg(long)]
    pub(crate) live: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    transom conform --all --report target/conform\n  \
    transom conform --channel exotel --group delivery\n  \
    transom conform --name a_lost_answer --list\n\nExit codes:\n  \
    0  every case passed; with --target live, every step went as documented\n  \
    1  a case failed, or the adapters differ where nobody said so; a step did not go as documented\n  \
    2  usage or configuration\n  \
    3  with --target live: nobody can know whether a message was sent")]
pub(crate) struct ConformArgs {
    /// Every built-in adapter, as without --channel, too; with --target live every channel of the configuration
    #[arg(long, conflicts_with = "channel")]
    pub(crate) all: bool,
    // Of the same name as the option that every command takes, in the place of which it stands.
    /// The adapters of these: a provider's name, or a channel of the configuration; may be given several times
    #[arg(id = "channel", long = "channel", value_name = "CHANNEL", num_args = 1..)]
    pub(crate) channels: Vec<String>,
    /// What to play against: the mock in this process, or a provider
    #[arg(long, value_enum, value_name = "TARGET", default_value_t = Target::Mock)]
    pub(crate) target: Target,
    /// Only this group of scenarios
    #[arg(long, value_name = "GROUP")]
    pub(crate) group: Option<String>,
    /// Only scenarios that have this in their name
    #[arg(long, value_name = "TEXT")]
    pub(crate) name: Option<String>,
    /// Write report.json, junit.xml and index.html into this folder
    #[arg(long, value_name = "DIR")]
    pub(crate) report: Option<PathBuf>,
    /// Show each case with its contract, and play none; with --target live, show what would be asked, and ask nothing
    #[arg(long)]
    pub(crate) list: bool,
    /// What the random cases are made from: the same number makes the same ones [default: a fixed one]
    #[arg(long, value_name = "NUMBER")]
    pub(crate) seed: Option<u64>,
    /// With --target live: a number that may be asked about and, with --max-messages, written to
    #[arg(long, value_name = "PHONE")]
    pub(crate) allow: Vec<String>,
    /// With --target live: send so many messages in all, at the most, after a typed confirmation; without it, it only reads
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    pub(crate) max_messages: usize,
    /// With --target live: also send this template, which takes no parameters
    #[arg(long, value_name = "NAME")]
    pub(crate) template: Option<String>,
    /// With --target live: send without asking for a confirmation
    #[arg(long)]
    pub(crate) yes: bool,
}

/// What the suite is played against.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Target {
    /// The mock, in this process
    Mock,
    /// A provider's live service
    Live,
}

#[derive(Debug, Args)]
pub(crate) struct MockArgs {
    /// The loopback address to listen on; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:4010")]
    pub(crate) listen: String,
    /// Let --listen be an address that other machines reach; needs a token
    #[arg(long)]
    pub(crate) listen_public: bool,
    /// Ask every control call for the token in this file, of at least 32 characters [default: the one in `TRANSOM_MOCK_TOKEN`, if any]
    #[arg(long, value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,
    /// Let the control plane and the console be called by this name, too, such as that of a container; can be given several times
    #[arg(long, value_name = "NAME")]
    pub(crate) allow_host: Vec<String>,
    /// Let webhooks go to this network, too, such as 10.1.0.0/16; can be given several times
    #[arg(long, value_name = "CIDR")]
    pub(crate) allow_webhook_net: Vec<String>,
    /// Refuse what the providers' pages refuse, also where it is merely sloppy; take the demo credentials only
    #[arg(long)]
    pub(crate) strict: bool,
    /// Keep the state in this file: read at the start if it is there, written at the stop
    #[arg(long, value_name = "FILE")]
    pub(crate) state: Option<PathBuf>,
    /// Make the ids from this number: the same number and the same calls give the same ids
    #[arg(long, value_name = "NUMBER")]
    pub(crate) seed: Option<u64>,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    transom new-adapter acme\n  \
    transom new-adapter acme --path ../acme-adapter --transom-path .")]
pub(crate) struct NewAdapterArgs {
    /// The provider's name in configuration: one word of lower-case letters and digits
    pub(crate) name: String,
    /// The folder of the crate, which must not be there yet or be empty [default: transom-NAME]
    #[arg(long, value_name = "FOLDER")]
    pub(crate) path: Option<PathBuf>,
    /// A checkout of Transom to build with, in place of its published crates
    #[arg(long, value_name = "FOLDER")]
    pub(crate) transom_path: Option<PathBuf>,
}

const EXIT_CODES: &str = "Exit codes:\n  \
    0  accepted, all well\n  \
    1  not done, and nothing was sent\n  \
    2  usage or configuration\n  \
    3  nobody can know whether the message was sent";
