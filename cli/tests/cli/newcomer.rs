//! What a new user meets: help, suggestions, `init`, completions, and the messages of small mistakes.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::support::{Folder, Mock};

const CONTACT: &str = "+919876543210";

/// `{0}` is the mock's host.
const CONFIG: &str = "[channels.india]\nurl = 'exotel://demo-key:demo-token@HOST/acme?from=919876500001'\n\
    [channels.support]\nurl = 'autocalls://demo-key@HOST?sender_id=12'\n";

fn stage() -> (Mock, Folder) {
    let (mock, folder) = (Mock::start(), Folder::new());
    folder.write("transom.toml", &CONFIG.replace("HOST", &mock.host));
    (mock, folder)
}

#[test]
fn mistyped_name_gets_a_suggestion() {
    let folder = Folder::new();
    folder.write("transom.toml", CONFIG);
    folder.write("key.toml", "[channels.a]\nprovider = 'autocalls'\napi_kye = 'k'\nsender_id = 12\n");
    folder.write("provider.toml", "[channels.a]\nprovider = 'autocals'\n");
    folder.write("root.toml", "[chanels.a]\nprovider = 'autocalls'\n");
    folder.write(
        "failover.toml",
        "[channels.india]\nurl = 'exotel://k:t@default/a?from=919876500001'\n[channels.any]\nfailover = ['inda']\n",
    );
    for (arguments, meant) in [
        (&["sned"][..], "'send'"),
        (&["send", "--txt", "x"], "'--text'"),
        (&["senders", "--channel", "indai"], "`india`"),
        (&["explain", "exotl", "1"], "`exotel`"),
        (&["doctor", "--config", "key.toml"], "`api_key`"),
        (&["doctor", "--config", "provider.toml"], "`autocalls`"),
        (&["doctor", "--config", "root.toml"], "`channels`"),
        (&["doctor", "--config", "failover.toml"], "`india`"),
    ] {
        let run = folder.run(arguments, &[]);
        let told = format!("{}{}", run.stdout, run.stderr);
        assert_eq!(run.code, 2, "{arguments:?}: {told}");
        assert!(
            told.contains(meant) && (told.contains("did you mean") || told.contains("similar")),
            "{arguments:?}: {told}"
        );
    }
}

#[test]
fn help_lists_only_options_with_an_effect() {
    let folder = Folder::new();
    let options = ["--config", "--channel", "--json", "--timeout", "--ledger"];
    for (command, used) in [
        ("send", &options[..]),
        ("plan", &options[..]),
        ("mock", &[]),
        ("man", &[]),
        ("demo", &["--json"]),
        ("explain", &["--json"]),
        ("new-adapter", &["--json"]),
        ("listen", &["--config", "--channel", "--json", "--ledger"]),
        ("conform", &["--config", "--channel", "--json", "--timeout"]),
    ] {
        let help = folder.run(&[command, "--help"], &[]).stdout;
        for option in options {
            let is_listed =
                help.lines().any(|line| line.trim_start().starts_with(&format!("{option} ")) || line.trim() == option);
            assert_eq!(is_listed, used.contains(&option), "{command} {option}: {help}");
        }
        assert!(
            help.lines()
                .filter(|line| line.trim_start().starts_with("transom "))
                .all(|line| line.contains(&format!("transom {command}"))),
            "{command}: {help}"
        );
    }
    let run = folder.run(&["explain", "exotel", "30018", "--ledger", "x"], &[]);
    assert_eq!((run.code, run.stderr.as_str()), (0, "note: --ledger has no effect on `explain`\n"));
}

#[test]
fn send_without_content_names_every_content() {
    let run = Folder::new().run(&["send"], &[]);
    assert_eq!(run.code, 2);
    for option in ["--to", "--text", "--image", "--location", "--template", "--message"] {
        assert!(run.stderr.contains(option), "{option}: {}", run.stderr);
    }
}

#[test]
fn media_and_locations_are_sent() {
    let (mock, folder) = stage();
    mock.inbound("exotel", CONTACT);
    let link = "https://example.com/a.png";
    for (arguments, expected) in [
        (&["--image", link, "--caption", "Here"][..], json!({ "type": "image", "link": link, "caption": "Here" })),
        (&["--video", "https://example.com/a.mp4"], json!({ "type": "video", "link": "https://example.com/a.mp4" })),
        (&["--audio", "https://example.com/a.mp3"], json!({ "type": "audio", "link": "https://example.com/a.mp3" })),
        (
            &["--document", "https://example.com/a.pdf"],
            json!({ "type": "document", "link": "https://example.com/a.pdf" }),
        ),
        (
            &["--sticker", "https://example.com/a.webp"],
            json!({ "type": "sticker", "link": "https://example.com/a.webp" }),
        ),
        (&["--location", "13.08,80.27"], json!({ "type": "location", "latitude": 13.08, "longitude": 80.27 })),
        (&["--location", "-13.5, -80.25"], json!({ "type": "location", "latitude": -13.5, "longitude": -80.25 })),
    ] {
        let run = folder.run(&[&["send", "--channel", "india", "--to", CONTACT][..], arguments].concat(), &[]);
        assert_eq!(run.code, 0, "{arguments:?}: {}", run.stderr);
        let sent = mock.delivered("exotel").pop().unwrap()["content"].clone();
        for (name, value) in expected.as_object().unwrap() {
            assert_eq!(&sent[name], value, "{arguments:?}: {sent}");
        }
    }
    for (arguments, code) in [
        (&["--location", "13.08"][..], 2),
        (&["--location", "north,80"], 2),
        (&["--location", "91,80"], 1),
        (&["--audio", "https://example.com/a.mp3", "--caption", "x"], 1),
        (&["--image", "ftp://example.com/a.png"], 1),
        (&["--text", "x", "--caption", "x"], 2),
        (&["--text", "x", "--image", link], 2),
    ] {
        let run = folder.run(&[&["send", "--channel", "india", "--to", CONTACT][..], arguments].concat(), &[]);
        assert_eq!((run.code, run.errors().len()), (code, 1), "{arguments:?}: {}", run.stderr);
    }
    assert_eq!(mock.delivered("exotel").len(), 7);
}

#[test]
fn explain_without_a_code_lists_all() {
    let folder = Folder::new();
    for provider in ["autocalls", "exotel", "gosendapi", "messangi"] {
        let rows = folder.run(&["explain", provider, "--json"], &[]).json().as_array().unwrap().clone();
        assert!(rows.len() > 10, "{provider}: {}", rows.len());
        for row in &rows {
            assert!(row["provider"] == provider && row["code"].is_string() && row["source"].is_string(), "{row}");
        }
        let lines = folder.run(&["explain", provider], &[]).stdout.lines().count();
        assert_eq!(lines, 3 * rows.len(), "{provider}");
    }
    let of_status = folder.run(&["explain", "gosendapi", "403", "--json"], &[]).json();
    let codes: Vec<_> = of_status.as_array().unwrap().iter().map(|row| row["code"].as_str().unwrap()).collect();
    assert_eq!(
        (codes[0], of_status[0]["kind"].as_str(), of_status[0]["certainty"].as_str()),
        ("403", Some("session_expired"), Some("seed"))
    );
    assert!(codes.contains(&"WABA_NOT_IN_TENANT") && codes.contains(&"131047"), "{codes:?}");
}

#[test]
fn plan_shows_numbers_with_reveal() {
    let (_mock, folder) = stage();
    let plan = ["plan", "--channel", "india", "--to", CONTACT, "--text", "Hi", "--json"];
    assert!(!folder.run(&plan, &[]).stdout.contains("9876543210"));
    let run = folder.run(&[&plan[..], &["--reveal"]].concat(), &[]);
    assert_eq!(
        (&run.json()["request"]["body"]["to"], &run.json()["request"]["headers"]["authorization"]),
        (&json!(CONTACT), &json!("***"))
    );
}

#[cfg(unix)]
#[test]
fn curl_command_of_a_plan_sends_the_message() {
    let (mock, folder) = stage();
    let text = "It's $HOME, \"quoted\" \\ `x`\n\u{202e}!";
    for (channel, provider, env) in [
        ("india", "exotel", &[("EXOTEL_KEY", "demo-key"), ("EXOTEL_TOKEN", "demo-token")][..]),
        ("support", "autocalls", &[("AUTOCALLS_KEY", "demo-key")]),
    ] {
        mock.inbound(provider, CONTACT);
        let run = folder.run(&["plan", "--curl", "--channel", channel, "--to", CONTACT, "--text", text], &[]);
        assert_eq!(run.code, 0, "{}", run.stderr);
        assert!(!run.stdout.contains("demo-key") && !run.stdout.contains("ZGVtby1rZXk"), "{}", run.stdout);
        let output = Command::new("sh").args(["-c", &run.stdout]).envs(env.iter().copied()).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        let sent = mock.delivered(provider);
        assert_eq!((sent.len(), &sent[0]["content"]["body"]), (1, &json!(text)), "{}: {output:?}", run.stdout);
    }
}

#[test]
fn init_writes_a_file_that_is_valid() {
    let folder = Folder::new();
    let run = folder.run(&["init"], &[]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let written = std::fs::read_to_string(folder.path().join("transom.toml")).unwrap();
    let again = folder.run(&["init"], &[]);
    assert_eq!((again.code, again.errors().len()), (2, 1), "a file is never replaced");
    assert_eq!(folder.run(&["doctor"], &[]).code, 2);
    // Its channels are valid once the comments are off.
    let active: Vec<&str> = written
        .lines()
        .map(|line| {
            line.strip_prefix("# ")
                .filter(|line| line.starts_with('[') || line.contains(" = ") && !line.contains("= the"))
                .unwrap_or(line)
        })
        .filter(|line| !line.starts_with('#') && !line.contains("base_url") && !line.contains(" = NAME"))
        .filter(|line| !line.starts_with("A credential") && !line.starts_with("The application"))
        .collect();
    folder.write("active.toml", &active.join("\n"));
    let keys = ["AUTOCALLS_KEY", "EXOTEL_KEY", "EXOTEL_TOKEN", "EXOTEL_SECRET", "GOSENDAPI_KEY", "MESSANGI_KEY"];
    let run = folder.run(
        &["doctor", "--config", "active.toml"],
        &keys.map(|key| (key, if key == "GOSENDAPI_KEY" { "gsk_live_value" } else { "long-enough-value" })),
    );
    assert_eq!(run.code, 0, "{}{}\n{}", run.stdout, run.stderr, active.join("\n"));
    assert_eq!(run.stdout.lines().count(), 5, "{}", run.stdout);
}

#[test]
fn init_for_the_mock_works_at_once() {
    let (mock, folder) = (Mock::start(), Folder::new());
    assert_eq!(folder.run(&["init", "--mock"], &[]).code, 0);
    let file = folder.path().join("transom.toml");
    let written = std::fs::read_to_string(&file).unwrap();
    assert_eq!(written.matches("127.0.0.1:4010").count(), 4);
    std::fs::write(file, written.replace("127.0.0.1:4010", &mock.host)).unwrap();
    for channel in ["support", "india", "latam", "mx", "any"] {
        let run = folder.run(&["send", "--channel", channel, "--to", CONTACT, "--template", "re_engagement_v1"], &[]);
        assert_eq!(run.code, 0, "{channel}: {}", run.stderr);
    }
    for (channel, provider) in
        [("support", "autocalls"), ("india", "exotel"), ("latam", "gosendapi"), ("mx", "messangi"), ("any", "exotel")]
    {
        let before = mock.delivered(provider).len();
        let reminder = ["--template", "visit_reminder", "--param", "Ana", "--param", "12/02"];
        let run = folder.run(&[&["send", "--channel", channel, "--to", CONTACT], &reminder[..]].concat(), &[]);
        assert_eq!(run.code, 0, "{channel}: {}", run.stderr);
        let sent = mock.delivered(provider);
        let body = sent.last().map(|message| message["content"]["body"].to_string()).unwrap_or_default();
        assert_eq!(sent.len(), before + 1, "{channel}");
        assert!(body.contains("Ana") && body.contains("12/02"), "{channel}: {body}");
    }
}

#[test]
fn completions_and_manual_are_printed() {
    let folder = Folder::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let run = folder.run(&["completions", shell], &[]);
        assert!(run.code == 0 && run.stdout.contains("conversations"), "{shell}");
    }
    let man = folder.run(&["man"], &[]);
    assert!(man.code == 0 && man.stdout.contains(".TH transom") && man.stdout.contains("fallback"), "{}", man.stderr);
    assert_eq!(folder.run(&["completions", "basj"], &[]).code, 2);
}

#[test]
fn only_channel_needs_no_default() {
    let (mock, folder) = stage();
    mock.inbound("exotel", CONTACT);
    let send = ["send", "--to", CONTACT, "--text", "Hi"];
    assert_eq!(folder.run(&send, &[]).code, 2, "two channels and no default");
    let one = CONFIG.split("[channels.support]").next().unwrap().replace("HOST", &mock.host);
    folder.write("transom.toml", &one);
    assert_eq!(folder.run(&send, &[]).code, 0);
    let url = format!("autocalls://demo-key@{}?sender_id=12", mock.host);
    assert_eq!(folder.run(&["senders"], &[("TRANSOM_URL", &url)]).code, 0, "TRANSOM_URL comes before the only channel");
}

#[test]
fn doctor_lists_failovers_and_an_empty_file() {
    let folder = Folder::new();
    folder.write("transom.toml", "");
    let empty = folder.run(&["doctor"], &[]);
    assert!(empty.code == 2 && empty.stderr.contains("no channel is configured"), "{}", empty.stderr);
    folder.write("transom.toml", &format!("{CONFIG}[channels.any]\nfailover = ['india', 'support']\n"));
    let run = folder.run(&["doctor"], &[]);
    assert!(run.code == 0 && run.stdout.contains("any: failover to india, support"), "{}{}", run.stdout, run.stderr);
    folder.write("transom.toml", &format!("{CONFIG}[channels.any]\nfailover = ['any']\n"));
    let run = folder.run(&["doctor"], &[]);
    assert!(run.code == 2 && run.stderr.contains("`any` is a failover channel itself"), "{}", run.stderr);
}

#[test]
fn folder_as_configuration_is_called_a_folder() {
    let folder = Folder::new();
    std::fs::create_dir(folder.path().join("conf")).unwrap();
    let run = folder.run(&["senders", "--config", "conf"], &[]);
    assert!(run.code == 2 && run.stderr.contains("--config conf: it is a folder"), "{}", run.stderr);
}

#[test]
fn lists_have_titles_only_for_people() {
    let (_mock, folder) = stage();
    let list = folder.run(&["senders", "--channel", "support"], &[]).stdout;
    assert!(list.starts_with("ID  PHONE") && list.lines().count() == 3, "{list}");
    let json = folder.run(&["senders", "--channel", "support", "--json"], &[]).json();
    assert_eq!(json.as_array().map(Vec::len), Some(2));
}

#[test]
fn unknown_keys_are_bounded() {
    let folder = Folder::new();
    let mut config = CONFIG.split("[channels.support]").next().unwrap().to_owned();
    for n in 0..200_000 {
        config.push_str(&format!("key{n} = 1\n"));
    }
    folder.write("transom.toml", &config);
    for command in [&["senders"][..], &["doctor"], &["senders", "--json"]] {
        let run = folder.run(command, &[]);
        assert_eq!(run.code, 2);
        let told = format!("{}{}", run.stdout, run.stderr);
        assert!(told.contains("more problems") && told.len() < 200_000, "{} bytes", told.len());
    }
}

#[test]
fn byte_order_mark_of_a_secret_file_is_not_sent() {
    let (mock, folder) = stage();
    folder.write("key", "\u{feff}demo-key\n");
    folder.write("transom.toml", &format!("[channels.a]\nprovider = 'autocalls'\nbase_url = 'http://{}'\napi_key = {{ file = 'key' }}\nsender_id = 12\n", mock.host));
    assert_eq!(folder.run(&["senders"], &[]).code, 0);
    let requests = mock.control("requests?provider=autocalls", "");
    assert!(!requests.to_string().contains('\u{feff}'));
    let strict = Mock::start_with(&["--strict"]);
    folder.write("transom.toml", &format!("[channels.a]\nprovider = 'autocalls'\nbase_url = 'http://{}'\napi_key = {{ file = 'key' }}\nsender_id = 12\n", strict.host));
    let run = folder.run(&["senders"], &[]);
    assert_eq!(run.code, 0, "the key is exactly demo-key: {}", run.stderr);
}

#[cfg(unix)]
#[test]
fn variable_that_is_not_utf8_has_its_own_error() {
    use std::os::unix::ffi::OsStrExt as _;
    let folder = Folder::new();
    folder.write("transom.toml", "[channels.a]\nprovider = 'autocalls'\napi_key = { env = 'A_KEY' }\nsender_id = 12\n");
    folder.write("empty.toml", "");
    let bytes = std::ffi::OsStr::from_bytes(b"k\xff");
    for (arguments, name) in [
        (&["senders"][..], "A_KEY"),
        (&["senders", "--channel", "@A_URL"], "A_URL"),
        (&["senders", "--config", "empty.toml"], "TRANSOM_URL"),
        (&["mock", "--listen", "127.0.0.1:0"], "TRANSOM_MOCK_TOKEN"),
    ] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_transom"));
        command.args(arguments).current_dir(folder.path()).env(name, bytes);
        let output = command.output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {told}");
        assert!(told.contains(&format!("`{name}` is not UTF-8")), "{arguments:?}: {told}");
    }
}

/// A mock whose standard error is read.
fn told_by_mock(more: &[&str], ask: impl FnOnce(&str)) -> Vec<String> {
    let mut child = Command::new(env!("CARGO_BIN_EXE_transom"))
        .args(["mock", "--listen", "127.0.0.1:0"])
        .args(more)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
    ask(first.trim().strip_prefix("listening on http://").unwrap());
    Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    let output = child.wait_with_output().unwrap();
    String::from_utf8(output.stderr).unwrap().lines().map(str::to_owned).collect()
}

#[cfg(unix)]
#[test]
fn mock_prints_a_line_for_each_request_unless_quiet() {
    for (more, expected) in [(&[][..], 2), (&["--quiet"], 0)] {
        let lines = told_by_mock(more, |host| {
            let folder = Folder::new();
            let url = format!("autocalls://demo-key@{host}?sender_id=12");
            for _ in 0..2 {
                assert_eq!(folder.run(&["senders"], &[("TRANSOM_URL", &url)]).code, 0);
            }
        });
        let requests: Vec<&String> = lines.iter().filter(|line| line.starts_with("GET /api/user/")).collect();
        assert_eq!(requests.len(), expected, "{lines:?}");
        assert!(requests.iter().all(|line| line.contains(" 200")), "{lines:?}");
    }
}

#[cfg(unix)]
#[test]
fn mock_speaks_tls_under_its_own_authority() {
    let folder = Folder::new();
    let file = folder.path().join("ca.pem");
    let mock = Mock::start_with(&["--tls", "--tls-ca", file.to_str().unwrap()]);
    let config = format!(
        "[channels.a]\nprovider = 'autocalls'\nbase_url = 'https://{}'\napi_key = 'k'\nsender_id = 12\n",
        mock.host
    );
    folder.write("transom.toml", &config);
    assert_eq!(folder.run(&["senders"], &[]).code, 1, "the authority is not trusted");
    folder.write("transom.toml", &format!("{config}extra_roots = 'ca.pem'\n"));
    let run = folder.run(&["senders", "--json"], &[]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(matches!(run.json(), Value::Array(list) if list.len() == 2));
}

#[cfg(unix)]
#[test]
fn mock_shows_a_given_certificate() {
    let folder = Folder::new();
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = rcgen::CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap().self_signed(&key).unwrap();
    folder.write("own.pem", &certificate.pem());
    folder.write("key.pem", &key.serialize_pem());
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let mock = Mock::start_with(&["--tls-cert", &path("own.pem"), "--tls-key", &path("key.pem")]);
    let config = format!(
        "[channels.a]\nprovider = 'autocalls'\nbase_url = 'https://{}'\napi_key = 'k'\nsender_id = 12\n\
         extra_roots = 'own.pem'\n",
        mock.host
    );
    folder.write("transom.toml", &config);
    let run = folder.run(&["senders", "--json"], &[]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    for (arguments, said) in [
        (vec!["mock", "--tls-cert", "own.pem", "--tls-key", "own.pem"], "no key can be read"),
        (vec!["mock", "--tls-cert", "none.pem", "--tls-key", "key.pem"], "--tls-cert none.pem"),
        (vec!["mock", "--tls-cert", "own.pem"], "--tls-key"),
        (vec!["mock", "--tls", "--tls-ca", "x.pem", "--tls-cert", "own.pem", "--tls-key", "key.pem"], "--tls-ca"),
        (vec!["mock", "--webhook-ca", "key.pem"], "no certificate can be read"),
        (vec!["mock", "--webhook-ca", "none.pem"], "--webhook-ca none.pem"),
    ] {
        let run = folder.run(&[&arguments[..], &["--listen", "127.0.0.1:0"]].concat(), &[]);
        assert!(run.code == 2 && run.stderr.contains(said), "{arguments:?}: {} {}", run.code, run.stderr);
    }
}

#[cfg(unix)]
#[test]
fn mock_calls_https_targets_under_a_given_authority() {
    let folder = Folder::new();
    let file = folder.path().join("ca.pem");
    let file = file.to_str().unwrap();
    let target = Mock::start_with(&["--tls", "--tls-ca", file]);
    let status = |mock: &Mock| {
        let hook = format!(r#"{{"provider":"exotel","url":"https://{}/hook"}}"#, target.host);
        mock.control("clock", r#"{"freeze":true}"#);
        mock.control("webhooks", &hook);
        mock.inbound("exotel", "+919876543210");
        mock.control("clock", r#"{"advance":"0s"}"#);
        mock.control("webhooks/deliveries", "")[0].clone()
    };
    let called = status(&Mock::start_with(&["--webhook-ca", file]));
    assert_eq!(called["status"], 404, "the target has no such path: {called}");
    assert_eq!(status(&Mock::start())["error"], "tls_failed");
}
