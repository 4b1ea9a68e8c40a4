//! `transom new-adapter`: the crate of an adapter that is still to be written, with a simulator of its provider and the suite.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde_json::json;

use crate::args::NewAdapterArgs;
use crate::channel::registry;
use crate::output::{Failure, Line, Output, good};

/// The files of the crate, written for a provider called Larkwire: those of `examples/fifth-adapter`, but for the manifest, the
/// README and the encoder, which is still to be written.
const FILES: &[(&str, &str)] = &[
    // Under its own name it would make a package of its folder.
    ("Cargo.toml", include_str!("../../scaffold/manifest.toml")),
    (".gitignore", include_str!("../../scaffold/gitignore")),
    ("README.md", include_str!("../../scaffold/README.md")),
    ("src/request.rs", include_str!("../../scaffold/request.rs")),
    ("FACTS.md", include_str!("../../../examples/fifth-adapter/FACTS.md")),
    ("rustfmt.toml", include_str!("../../../examples/fifth-adapter/rustfmt.toml")),
    ("src/config.rs", include_str!("../../../examples/fifth-adapter/src/config.rs")),
    ("src/error.rs", include_str!("../../../examples/fifth-adapter/src/error.rs")),
    ("src/lib.rs", include_str!("../../../examples/fifth-adapter/src/lib.rs")),
    ("src/messenger.rs", include_str!("../../../examples/fifth-adapter/src/messenger.rs")),
    ("src/response.rs", include_str!("../../../examples/fifth-adapter/src/response.rs")),
    ("src/types.rs", include_str!("../../../examples/fifth-adapter/src/types.rs")),
    ("src/webhook.rs", include_str!("../../../examples/fifth-adapter/src/webhook.rs")),
    ("tests/conformance/dialect.rs", include_str!("../../../examples/fifth-adapter/tests/conformance/dialect.rs")),
    ("tests/conformance/main.rs", include_str!("../../../examples/fifth-adapter/tests/conformance/main.rs")),
    ("tests/conformance/pages.rs", include_str!("../../../examples/fifth-adapter/tests/conformance/pages.rs")),
    ("tests/conformance/subject.rs", include_str!("../../../examples/fifth-adapter/tests/conformance/subject.rs")),
];

/// The crates that the new one depends on, and their folders in a checkout.
const CRATES: &[(&str, &str)] =
    &[("transom", "sdk"), ("transom-conformance", "conformance-tests"), ("transom-mock-server", "mock-server")];

/// What to do with the new crate.
const NEXT: &str = "Next, in that folder:
  cargo test    each case that sends something fails and names what is missing
  FACTS.md      describes a provider that does not exist: write down what yours does, then change the code
docs/writing-an-adapter.md in Transom's repository shows the way.";

pub(crate) fn run(args: &NewAdapterArgs, output: &Output) -> Result<ExitCode, Failure> {
    let names = Names::of(&args.name).map_err(|problem| Failure::usage(format!("`{}`: {problem}", args.name)))?;
    let checkout = args.transom_path.as_deref().map(checkout).transpose()?;
    let folder = args.path.clone().unwrap_or_else(|| PathBuf::from(format!("transom-{}", names.lower)));
    claim(&folder)?;
    for (name, template) in FILES {
        let mut text = names.fill(template);
        if *name == "Cargo.toml" {
            text = with_dependencies(&text, checkout.as_deref());
        }
        let file = folder.join(name);
        let parent = file.parent().unwrap_or(&folder);
        std::fs::create_dir_all(parent)
            .and_then(|()| std::fs::write(&file, text))
            .map_err(|error| Failure::usage(format!("{}: {error}", file.display())))?;
    }
    let files: Vec<&str> = FILES.iter().map(|(name, _)| *name).collect();
    output.result(&json!({ "path": folder, "files": files }), || {
        let created = good("created").text(format!(" {}", folder.display()));
        let files = files.iter().map(|file| Line::from(format!("  {file}")));
        [created].into_iter().chain(files).chain(NEXT.lines().map(Line::from))
    });
    Ok(ExitCode::SUCCESS)
}

/// What the provider is called, where.
struct Names {
    /// `acme`, in configuration and in the crate's name.
    lower: String,
    /// `Acme`, the type.
    title: String,
}

impl Names {
    /// # Errors
    /// Why `text` cannot be the name, and what can.
    fn of(text: &str) -> Result<Self, String> {
        let expected = "expected one word of 2 to 30 lower-case letters and digits, a letter first, such as acme";
        let mut letters = text.chars();
        let first = letters.next().filter(char::is_ascii_lowercase).ok_or(expected)?;
        if !(2..=30).contains(&text.len()) || !letters.all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()) {
            return Err(expected.to_owned());
        }
        if let Some(known) = registry().providers().iter().find(|provider| provider.name == text) {
            return Err(format!("the adapter of {} is built in", known.name));
        }
        let title: String = [first.to_ascii_uppercase()].into_iter().chain(text.chars().skip(1)).collect();
        let is_ours = title == "Larkwire";
        let taken =
            (!is_ours && is_in_code(&title)) || CRATES.iter().any(|(name, _)| *name == format!("transom-{text}"));
        if taken {
            return Err(format!(
                "the code of every adapter uses `{title}` already; take another word, such as {text}wa"
            ));
        }
        Ok(Self { lower: text.to_owned(), title })
    }

    fn fill(&self, template: &str) -> String {
        let upper = self.lower.to_ascii_uppercase();
        template.replace("larkwire", &self.lower).replace("Larkwire", &self.title).replace("LARKWIRE", &upper)
    }
}

/// Whether the templates' code has this word for something else.
fn is_in_code(word: &str) -> bool {
    let sources = FILES.iter().filter(|(name, _)| Path::new(name).extension().is_some_and(|kind| kind == "rs"));
    let lines = sources.flat_map(|(_, text)| text.lines()).filter(|line| !line.trim_start().starts_with("//"));
    lines.flat_map(|line| line.split(|c: char| !c.is_alphanumeric() && c != '_')).any(|known| known == word)
}

/// Where a checkout of Transom is, whatever folder the crate is read from.
fn checkout(folder: &Path) -> Result<PathBuf, Failure> {
    let problem = |what: String| Failure::usage(format!("--transom-path {}: {what}", folder.display()));
    let full = folder.canonicalize().map_err(|error| problem(error.to_string()))?;
    if let Some((_, missing)) = CRATES.iter().find(|(_, place)| !full.join(place).join("Cargo.toml").is_file()) {
        return Err(problem(format!("expected a checkout of Transom, there is no {missing}/Cargo.toml in it")));
    }
    Ok(full)
}

/// A folder that is not there yet, or has nothing in it. What stands there is somebody's work.
fn claim(folder: &Path) -> Result<(), Failure> {
    let problem = |what: &str| Failure::usage(format!("{}: {what}", folder.display()));
    match std::fs::read_dir(folder).map(|mut entries| entries.next().is_none()) {
        Ok(true) => Ok(()),
        Ok(false) => Err(problem("it is there already and not empty; name another folder with --path")),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(problem(&error.to_string())),
    }
}

/// The manifest with the dependencies of this version: from the registry, or from a checkout.
fn with_dependencies(manifest: &str, checkout: Option<&Path>) -> String {
    let version = concat!(env!("CARGO_PKG_VERSION_MAJOR"), ".", env!("CARGO_PKG_VERSION_MINOR"));
    let mut text = manifest.replace("{version}", version);
    let Some(checkout) = checkout else { return text };
    if let Some(hint) = text.find("\n# To build with a checkout") {
        text.truncate(hint);
    }
    for (name, folder) in CRATES {
        // A path in TOML is a text like any in JSON.
        let path = json!(checkout.join(folder));
        let published = format!("\n{name} = {{ version = \"{version}\"");
        text = text.replace(&published, &format!("{published}, path = {path}"));
    }
    text
}
