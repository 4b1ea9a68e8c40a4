//! What the command prints shows no credential and no full phone number, also where they stand in the wrong place.

use crate::support::{Folder, Run};

const SECRET: &str = "s3cr3tKEYs3cr3t";
const NUMBER: &str = "+919812345670";

fn assert_hidden(run: &Run, what: &str) {
    for text in [&run.stdout, &run.stderr] {
        for hidden in [SECRET, "T0K3N", "9812345670", "98123 45670", "98123-45670"] {
            assert!(!text.contains(hidden), "{what} shows {hidden}: {text}");
        }
    }
}

#[test]
fn an_argument_in_the_wrong_place_is_not_repeated() {
    let folder = Folder::new();
    let message = format!(r#"{{"to":"{NUMBER}","content":{{"type":"text","body":"{SECRET}"}}}}"#);
    let channel = format!("exotel:{SECRET}:T0K3N@h");
    let variable = format!("@{SECRET}");
    for arguments in [
        &["send", NUMBER][..],
        &["send", "98123-45670", "--text", "Hi"],
        &["session", "919812345670"],
        &["send", "--to", "98123 45670x", "--text", "Hi"],
        &["send", "--message", &message],
        &["send", "--to", NUMBER, "--text", "Hi", "--channel", &channel],
        &["send", "--to", NUMBER, "--text", "Hi", "--channel", &variable],
        &["senders", &channel],
        &["conversations", "--to", "+91 98123 45670 1234567"],
        &["listen", "--port", NUMBER],
    ] {
        for json in [false, true] {
            let all: Vec<&str> = arguments.iter().copied().chain(json.then_some("--json")).collect();
            let run = folder.run(&all, &[]);
            assert_eq!(run.code, 2, "{all:?}: {}", run.stderr);
            assert_hidden(&run, &format!("{all:?}"));
            assert!(!run.stderr.trim().is_empty());
        }
    }
}

#[test]
fn a_secret_in_place_of_its_reference_is_not_repeated() {
    for key in ["env", "file"] {
        let folder = Folder::new();
        folder.write(
            "transom.toml",
            &format!("[channels.a]\nprovider = \"autocalls\"\nsender_id = 12\napi_key = {{ {key} = \"{SECRET}\" }}\n"),
        );
        let run = folder.run(&["send", "--channel", "a", "--to", NUMBER, "--text", "Hi"], &[]);
        assert_eq!(run.code, 2, "{}", run.stderr);
        assert_hidden(&run, key);
        assert!(run.stderr.contains("channel `a`: api_key: "), "{}", run.stderr);
    }
    let folder = Folder::new();
    folder.write(
        "transom.toml",
        "[channels.a]\nprovider = \"autocalls\"\nsender_id = 12\napi_key = { env = \"AUTOCALLS_KEY\" }\n",
    );
    let run = folder.run(&["send", "--channel", "a", "--to", NUMBER, "--text", "Hi"], &[]);
    assert!(run.stderr.contains("`AUTOCALLS_KEY` is not set"), "{}", run.stderr);
}

#[test]
fn doctor_tells_of_a_short_credential() {
    let folder = Folder::new();
    for (key, is_told) in [("K3Y", true), ("1234567", true), ("12345678", false)] {
        let uri = format!("autocalls://{key}@127.0.0.1:9?sender_id=12");
        let run = folder.run(&["doctor"], &[("TRANSOM_URL", &uri)]);
        assert_eq!(run.code, 0, "{}", run.stderr);
        assert_eq!(run.stdout.contains("fewer than 8 characters"), is_told, "{}", run.stdout);
        assert!(!run.stdout.contains(key), "{}", run.stdout);
    }
}

#[test]
fn a_plan_hides_the_number_in_preview_and_reference() {
    let folder = Folder::new();
    let uri = "exotel://demo-key:demo-token@127.0.0.1:9/acme?from=919876500001";
    for json in [false, true] {
        let text = "for 98123 45670, 98123_45670 and 0091-98123-45670";
        let arguments = ["plan", "--to", NUMBER, "--text", text, "--reference", "ref-9812345670"];
        let all: Vec<&str> = arguments.iter().copied().chain(json.then_some("--json")).collect();
        let run = folder.run(&all, &[("TRANSOM_URL", uri)]);
        assert_eq!(run.code, 0, "{}", run.stderr);
        assert_hidden(&run, "plan");
        assert!(run.stdout.contains("ref-•••5670") && !run.stdout.contains("98123"), "{}", run.stdout);
    }
}
