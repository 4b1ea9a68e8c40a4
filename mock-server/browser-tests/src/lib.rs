//! A headless Chromium with one page, for tests: what a person would see of it and do with it.
//!
//! Nothing here waits for a time: it waits for a condition on the page, and gives up with what the page shows instead.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::future_not_send,
    reason = "this crate is a part of tests, which fail where they cannot go on"
)]

mod chromium;
mod protocol;

use std::path::PathBuf;
use std::time::Duration;

use base64::Engine as _;
use serde_json::{Value, json};
use tokio::time::{Instant, MissedTickBehavior};

use chromium::Chromium;
use protocol::Tab;

/// Nothing on the page takes so long, unless it never comes.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);
const GLANCE: Duration = Duration::from_millis(20);

/// What the page is seen on.
#[derive(Debug, Clone, Copy)]
pub struct Screen {
    /// In CSS pixels.
    pub width: u32,
    /// In CSS pixels.
    pub height: u32,
    /// A phone: touch, two device pixels for one of CSS.
    pub phone: bool,
    /// What `prefers-color-scheme` says.
    pub dark: bool,
}

impl Screen {
    /// A desktop in the light.
    pub const DESKTOP: Self = Self { width: 1440, height: 900, phone: false, dark: false };
    /// A small phone in the light.
    pub const PHONE: Self = Self { width: 360, height: 740, phone: true, dark: false };

    /// The same in the dark.
    #[must_use]
    pub const fn dark(self) -> Self {
        Self { dark: true, ..self }
    }
}

/// One page of a browser.
#[derive(Debug)]
pub struct Page {
    tab: Tab,
}

/// Opens an address in a browser of its own, lets the test look at it, and closes the browser however the test ends. A page
/// on which a script failed or something was blocked fails the test at its end.
pub async fn browse(address: &str, screen: Screen, test: impl AsyncFnOnce(&Page)) {
    let chromium = Chromium::start();
    let page = Page { tab: Tab::open(&chromium.address).await };
    page.show_on(screen).await;
    page.tab.order("Page.navigate", json!({"url": address})).await;
    page.until("the page", "location.href !== 'about:blank' && document.readyState === 'complete'", Vec::new()).await;
    test(&page).await;
    let complaints = page.complaints().await;
    assert!(complaints.is_empty(), "the page complained: {complaints:#?}");
}

impl Page {
    async fn show_on(&self, screen: Screen) {
        let scheme = if screen.dark { "dark" } else { "light" };
        let features = json!([{"name": "prefers-color-scheme", "value": scheme}]);
        self.tab.order("Emulation.setEmulatedMedia", json!({"features": features})).await;
        let metrics = json!({
            "width": screen.width, "height": screen.height, "mobile": screen.phone,
            "deviceScaleFactor": if screen.phone { 2 } else { 1 },
        });
        self.tab.order("Emulation.setDeviceMetricsOverride", metrics).await;
        self.tab.order("Emulation.setTouchEmulationEnabled", json!({"enabled": screen.phone})).await;
        // A page in a tab that nobody looks at would have no focus to show.
        self.tab.order("Emulation.setFocusEmulationEnabled", json!({"enabled": true})).await;
        let permissions = json!({"permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"]});
        self.tab.order("Browser.grantPermissions", permissions).await;
    }

    /// What the page complained of since the last time: scripts that failed, and what was blocked. That a request got no
    /// answer is not among it: that is what a lost connection looks like, which some tests bring about.
    pub async fn complaints(&self) -> Vec<String> {
        let all = self.tab.complaints().await;
        all.into_iter().filter(|text| !text.contains("ERR_")).collect()
    }

    /// Runs JavaScript, the body of a function that may be asynchronous, and gives what it returns; null if the page went
    /// elsewhere meanwhile.
    pub async fn run(&self, script: &str, arguments: Vec<Value>) -> Value {
        let expression = format!("(async function () {{ {script} }}).apply(null, {})", Value::from(arguments));
        let order = json!({
            "expression": expression, "awaitPromise": true, "returnByValue": true, "userGesture": true,
        });
        let mut done = self.tab.order("Runtime.evaluate", order).await;
        assert!(done.get("exceptionDetails").is_none(), "{script}: {}", done["exceptionDetails"]);
        done["result"]["value"].take()
    }

    /// Waits until an expression of JavaScript is true, and gives what it then is; `what` says what that means.
    async fn until(&self, what: &str, expression: &str, arguments: Vec<Value>) -> Value {
        let deadline = Instant::now() + PATIENCE;
        let mut glances = tokio::time::interval(GLANCE);
        glances.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let value = self.run(&format!("return ({expression}) || null"), arguments.clone()).await;
            if !value.is_null() {
                return value;
            }
            if Instant::now() >= deadline {
                let shown = self.run("return document.body.innerText", Vec::new()).await;
                self.shot("failure").await;
                panic!("{what} never came; the page shows:\n{}", shown.as_str().unwrap_or_default());
            }
            glances.tick().await;
        }
    }

    /// Waits until an element that a person can see has this text in it.
    pub async fn see(&self, css: &str, text: &str) {
        let what = format!("`{text}` in `{css}`");
        self.until(
            &what,
            &format!("{VISIBLE}.some(element => element.textContent.includes(arguments[1]))"),
            vec![css.into(), text.into()],
        )
        .await;
    }

    /// Waits until no element that a person can see has this text in it.
    pub async fn see_no_more(&self, css: &str, text: &str) {
        let what = format!("the end of `{text}` in `{css}`");
        self.until(
            &what,
            &format!("!{VISIBLE}.some(element => element.textContent.includes(arguments[1]))"),
            vec![css.into(), text.into()],
        )
        .await;
    }

    /// Waits until an element is the one that has the keyboard.
    pub async fn has_focus(&self, css: &str) {
        self.until(&format!("the focus on `{css}`"), "document.activeElement?.matches(arguments[0])", vec![css.into()])
            .await;
    }

    /// Waits until a field that matches has this value.
    pub async fn has_value(&self, css: &str, value: &str) {
        let expression = "document.querySelector(arguments[0])?.value === arguments[1]";
        self.until(&format!("the value `{value}` of `{css}`"), expression, vec![css.into(), value.into()]).await;
    }

    /// The text of everything that matches, seen or not.
    pub async fn texts(&self, css: &str) -> Vec<String> {
        let script = "return [...document.querySelectorAll(arguments[0])].map(element => element.textContent)";
        serde_json::from_value(self.run(script, vec![css.into()]).await).unwrap()
    }

    /// Clicks on the first that matches, as soon as there is one in sight that nothing covers.
    pub async fn click(&self, css: &str) {
        let place =
            self.until(&format!("`{css}` to click on"), &format!("({PLACE})(arguments[0])"), vec![css.into()]).await;
        for step in ["mousePressed", "mouseReleased"] {
            let event = json!({"type": step, "x": place[0], "y": place[1], "button": "left", "clickCount": 1});
            self.tab.order("Input.dispatchMouseEvent", event).await;
        }
    }

    /// Types into what matches, in place of what is there.
    pub async fn write(&self, css: &str, text: &str) {
        self.click(css).await;
        self.run("document.activeElement.select()", Vec::new()).await;
        self.press(text).await;
    }

    /// Chooses an option of a list by its value.
    pub async fn choose(&self, css: &str, value: &str) {
        self.see(css, "").await;
        let script = "const list = document.querySelector(arguments[0]); list.value = arguments[1];
                      list.dispatchEvent(new Event('change', { bubbles: true })); return list.value";
        let chosen = self.run(script, vec![css.into(), value.into()]).await;
        // Some choices lead to another page.
        assert!(chosen.is_null() || chosen == json!(value), "{css} offers {value}");
    }

    /// Presses the keys of a text, wherever the keyboard is; a line break is the Enter key.
    pub async fn press(&self, text: &str) {
        for character in text.chars() {
            if character == '\n' {
                self.key(Key::Enter).await;
                continue;
            }
            let key = character.to_string();
            self.tab.order("Input.dispatchKeyEvent", json!({"type": "keyDown", "key": key, "text": key})).await;
            self.tab.order("Input.dispatchKeyEvent", json!({"type": "keyUp", "key": key})).await;
        }
    }

    /// Presses a key that writes nothing.
    pub async fn key(&self, key: Key) {
        let (name, code, text) = match key {
            Key::Enter => ("Enter", 13, "\r"),
            Key::Escape => ("Escape", 27, ""),
            Key::Right => ("ArrowRight", 39, ""),
            Key::Tab => ("Tab", 9, ""),
        };
        for step in ["keyDown", "keyUp"] {
            let mut event = json!({"type": step, "key": name, "code": name, "windowsVirtualKeyCode": code});
            if step == "keyDown" && !text.is_empty() {
                event["text"] = text.into();
            }
            self.tab.order("Input.dispatchKeyEvent", event).await;
        }
    }

    /// What was copied last.
    pub async fn clipboard(&self) -> String {
        let read = self.run("return await navigator.clipboard.readText()", Vec::new()).await;
        read.as_str().expect("the clipboard has a text").to_owned()
    }

    /// Nothing lies beyond the right edge of the screen.
    pub async fn fits(&self) {
        let script = "return document.documentElement.scrollWidth - document.documentElement.clientWidth";
        assert_eq!(self.run(script, Vec::new()).await, json!(0), "the page is wider than the screen");
        let outside = "return [...document.querySelectorAll('body *')].filter(element => element.checkVisibility() &&
            element.getBoundingClientRect().width > 1 && element.getBoundingClientRect().right > innerWidth + 1 &&
            !element.closest('.unseen, pre, .path')).map(element => element.outerHTML.slice(0, 120))";
        assert_eq!(self.run(outside, Vec::new()).await, json!([]), "nothing sticks out");
    }

    /// Keeps a picture under `target/screenshots/`.
    pub async fn shot(&self, name: &str) {
        let folder = target().join("screenshots");
        std::fs::create_dir_all(&folder).unwrap();
        // Where something is still on its way in, the picture waits for it.
        self.run("document.getAnimations().forEach(animation => animation.finish())", Vec::new()).await;
        let picture = self.tab.order("Page.captureScreenshot", json!({"format": "png"})).await;
        let picture = base64::engine::general_purpose::STANDARD.decode(picture["data"].as_str().unwrap()).unwrap();
        std::fs::write(folder.join(format!("{name}.png")), picture).unwrap();
    }
}

/// A key that writes nothing.
#[derive(Debug, Clone, Copy)]
pub enum Key {
    /// Sends, or presses what has the focus.
    Enter,
    /// Closes and leaves.
    Escape,
    /// One to the right.
    Right,
    /// To the next control.
    Tab,
}

/// The middle of the first that matches, if a click there would hit it.
const PLACE: &str = "css => { const element = document.querySelector(css); if (!element?.checkVisibility() || element.disabled) return null;
    element.scrollIntoView({ block: 'nearest', behavior: 'instant' }); const box = element.getBoundingClientRect();
    const [x, y] = [box.left + box.width / 2, box.top + box.height / 2];
    const hit = document.elementFromPoint(x, y); return hit && (element.contains(hit) || hit.contains(element)) ? [x, y] : null }";

/// The elements that match the first argument and that a person can see.
const VISIBLE: &str = "[...document.querySelectorAll(arguments[0])].filter(element => element.checkVisibility())";

/// Where Cargo builds.
fn target() -> PathBuf {
    let chosen = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    chosen.unwrap_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../target")))
}
