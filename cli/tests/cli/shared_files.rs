//! Files that processes share: the ledger of `--ledger`, the state of `mock --state`.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value, json};

use super::support::{Folder, Mock, Run};

const CHANNEL: &str =
    "[channels.india]\nurl = \"exotel://k:t@default/acme?from=919876500001\"\ntrust_unsigned = true\n";

/// A webhook call in which `from` writes at `minute` past nine.
fn call(from: &str, minute: u32) -> String {
    json!({ "whatsapp": { "messages": [{
        "callback_type": "icm", "sid": "b0c2d4", "from": from, "to": "+919876500001", "profile_name": "Asha",
        "timestamp": format!("2026-03-04T09:{minute:02}:00Z"), "content": { "type": "text", "text": { "body": "Hi" } },
    }] } })
    .to_string()
}

fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("transom.toml", CHANNEL);
    folder
}

fn record(folder: &Folder, ledger: &str, from: &str, minute: u32) -> Run {
    folder.run_with_input(&["webhook", "--channel", "india", "--ledger", ledger], call(from, minute))
}

fn rows(folder: &Folder, ledger: &str) -> Value {
    serde_json::from_str(&std::fs::read_to_string(folder.path().join(ledger)).unwrap()).unwrap()
}

fn names(folder: &Path) -> BTreeSet<String> {
    std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// Runs `count` writers, 20 at a time, each with a contact of its own.
fn writers_keep_every_row(count: usize) {
    let folder = folder();
    std::thread::scope(|scope| {
        for lane in 0..20 {
            let folder = &folder;
            scope.spawn(move || {
                for n in (lane..count).step_by(20) {
                    let run = record(folder, "ledger.json", &format!("+91987654{n:04}"), 10);
                    assert_eq!(run.code, 0, "{}", run.stderr);
                }
            });
        }
    });
    assert_eq!(rows(&folder, "ledger.json")["india"].as_object().unwrap().len(), count);
    let expected = ["ledger.json", "ledger.json.lock", "transom.toml"].map(str::to_owned);
    assert_eq!(names(folder.path()), BTreeSet::from(expected));
}

#[test]
fn forty_parallel_writers_keep_every_row() {
    writers_keep_every_row(40);
}

#[test]
fn two_hundred_parallel_writers_keep_every_row() {
    writers_keep_every_row(200);
}

#[test]
fn later_time_of_a_contact_stays() {
    let folder = folder();
    folder.write("ledger.json", r#"{"other":{"+34600111222":"2026-03-04T08:00:00Z"}}"#);
    for minute in [10, 30, 20] {
        assert_eq!(record(&folder, "ledger.json", "+919876543210", minute).code, 0);
    }
    assert_eq!(
        rows(&folder, "ledger.json"),
        json!({
            "india": { "+919876543210": "2026-03-04T09:30:00Z" },
            "other": { "+34600111222": "2026-03-04T08:00:00Z" },
        })
    );
}

#[test]
fn unusable_ledger_is_reported_before_the_event() {
    let folder = folder();
    std::fs::create_dir(folder.path().join("a-folder")).unwrap();
    folder.write("text", "no ledger +919876543210");
    for (ledger, problem) in [
        ("missing/ledger.json", "the folder `missing` cannot be used"),
        ("a-folder", "it is not a file"),
        ("/dev/null", "it is not a file"),
        ("text", "not a ledger, expected {\"CHANNEL\": {\"+PHONE\": \"TIME\"}}"),
    ] {
        for command in [&["webhook"][..], &["listen", "--port", "0"], &["session", "--to", "+34600111222"]] {
            let arguments = [command, &["--channel", "india", "--ledger", ledger]].concat();
            let run = folder.run_with_input(&arguments, call("+34600111222", 10));
            assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{arguments:?}: {}", run.stderr);
            let told = format!("--ledger {ledger}: ");
            assert!(run.stderr.contains(&told) && run.stderr.contains(problem), "{arguments:?}: {}", run.stderr);
            assert!(!run.stderr.contains("9876543210"), "{}", run.stderr);
        }
    }
}

#[cfg(unix)]
#[test]
fn link_to_a_ledger_is_followed() {
    let folder = folder();
    std::fs::create_dir(folder.path().join("data")).unwrap();
    let link = |to: &str, name: &str| std::os::unix::fs::symlink(to, folder.path().join(name)).unwrap();
    link("data/ledger.json", "link");
    link("link", "second");
    link("circle", "circle");
    assert_eq!(record(&folder, "second", "+919876543210", 10).code, 0);
    assert_eq!(record(&folder, "link", "+34600111222", 10).code, 0);
    assert_eq!(rows(&folder, "data/ledger.json")["india"].as_object().unwrap().len(), 2);
    for name in ["link", "second"] {
        assert!(folder.path().join(name).is_symlink(), "{name} is still a link");
    }
    let run = record(&folder, "circle", "+34600111222", 10);
    assert!(run.code == 2 && run.stderr.contains("its links lead in a circle"), "{}", run.stderr);
    std::fs::hard_link(folder.path().join("data/ledger.json"), folder.path().join("hard")).unwrap();
    let run = record(&folder, "hard", "+34600111222", 10);
    assert!(run.code == 2 && run.stderr.contains("hard links"), "{}", run.stderr);
}

#[cfg(unix)]
#[test]
fn second_mock_on_a_state_file_is_refused_through_a_link() {
    let folder = Folder::new();
    let (file, link) = (folder.path().join("state.json"), folder.path().join("link.json"));
    std::os::unix::fs::symlink("state.json", &link).unwrap();
    let mock = Mock::start_with(&["--state", file.to_str().unwrap()]);
    let run = folder.run(&["mock", "--listen", "127.0.0.1:0", "--state", link.to_str().unwrap()], &[]);
    assert!(run.code == 2 && run.stderr.contains("another mock uses this file"), "{}", run.stderr);
    mock.stop();
    Mock::start_with(&["--state", link.to_str().unwrap()]).stop();
    assert!(link.is_symlink() && file.is_file());
}

#[test]
fn temporary_of_an_interrupted_write_is_removed() {
    let folder = folder();
    for (name, leftover) in [("ledger.json", ".ledger.json.transom-tmp"), ("state.json", ".state.json.transom-tmp")] {
        folder.write(leftover, "+919876543210");
        let file = folder.path().join(name);
        if name == "ledger.json" {
            assert_eq!(record(&folder, name, "+34600111222", 10).code, 0);
        } else {
            Mock::start_with(&["--state", file.to_str().unwrap()]).stop();
        }
        assert!(file.is_file() && !folder.path().join(leftover).exists(), "{leftover}");
    }
}
