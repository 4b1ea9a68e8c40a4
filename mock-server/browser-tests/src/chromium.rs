//! The Chromium process of a test.

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

const PROGRAMS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
const READY: &str = "DevTools listening on ";

/// A headless browser with an empty profile. Dropping it ends the process.
#[derive(Debug)]
pub(crate) struct Chromium {
    child: Child,
    profile: PathBuf,
    /// The address of its `DevTools` socket, `ws://127.0.0.1:…`.
    pub(crate) address: String,
}

impl Chromium {
    pub(crate) fn start() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let program = PROGRAMS
            .into_iter()
            .find_map(find)
            .unwrap_or_else(|| panic!("Chromium is not installed; run `cargo xtask setup`"));
        let name = format!("{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let profile = target().join("browser-profiles").join(name);
        std::fs::create_dir_all(&profile).unwrap();
        let mut command = Command::new(program);
        command.args([
            "--headless=new",
            "--remote-debugging-port=0",
            "--disable-dev-shm-usage",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-gpu",
            "--no-first-run",
            "--no-proxy-server",
            "--hide-scrollbars",
            "--lang=en",
        ]);
        if is_root() {
            // Chromium refuses to run its sandbox as root, the usual user of a container.
            command.arg("--no-sandbox");
        }
        command.arg(format!("--user-data-dir={}", profile.display())).arg("about:blank");
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
        let address = lines.find_map(|line| Some(line.strip_prefix(READY)?.trim().to_owned()));
        // Reads on, so that a full pipe does not block the browser.
        std::thread::spawn(move || lines.for_each(drop));
        let mut started = Self { child, profile, address: String::new() };
        started.address = address.expect("Chromium prints the address of its DevTools socket");
        started
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        // The child processes end a moment later, and write into the profile until then.
        let removed = (0..100).any(|_| {
            std::thread::sleep(Duration::from_millis(10));
            std::fs::remove_dir_all(&self.profile).is_ok()
        });
        if !removed {
            eprintln!("{} is left behind", self.profile.display());
        }
    }
}

/// Finds a program in `PATH`.
fn find(name: &str) -> Option<PathBuf> {
    let folders = std::env::var_os("PATH")?;
    std::env::split_paths(&folders).map(|folder| folder.join(name)).find(|path| path.is_file())
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout == b"0\n")
}

/// The folder that Cargo builds into.
pub(crate) fn target() -> PathBuf {
    let chosen = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    chosen.unwrap_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../target")))
}
