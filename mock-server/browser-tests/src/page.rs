//! A page of a headless browser: a test sees and does what a person would.

use std::time::Duration;

use base64::Engine as _;
use serde_json::{Value, json};
use tokio::time::{Instant, MissedTickBehavior};

use crate::chromium::{Chromium, target};
use crate::protocol::{MAX_WAIT, Tab};

const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// The emulated screen.
#[derive(Debug, Clone, Copy)]
pub struct Screen {
    /// In CSS pixels.
    pub width: u32,
    /// In CSS pixels.
    pub height: u32,
    /// A phone: touch, two device pixels for one of CSS.
    pub phone: bool,
    /// The value of `prefers-color-scheme`.
    pub dark: bool,
}

impl Screen {
    /// A desktop with a light colour scheme.
    pub const DESKTOP: Self = Self { width: 1440, height: 900, phone: false, dark: false };
    /// A small phone with a light colour scheme.
    pub const PHONE: Self = Self { width: 360, height: 740, phone: true, dark: false };

    /// The same screen with a dark colour scheme.
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

/// Opens an address in a new browser, runs the test, and closes the browser also after a panic. The test fails at its end
/// if a script on the page failed or the browser blocked something.
pub async fn browse(address: &str, screen: Screen, test: impl AsyncFnOnce(&Page)) {
    let chromium = Chromium::start();
    let page = Page { tab: Tab::open(&chromium.address).await };
    page.show_on(screen).await;
    page.tab.command("Page.navigate", json!({"url": address})).await;
    page.until("the page", "location.href !== 'about:blank' && document.readyState === 'complete'", Vec::new()).await;
    test(&page).await;
    let complaints = page.complaints().await;
    assert!(complaints.is_empty(), "the page complained: {complaints:#?}");
}

impl Page {
    async fn show_on(&self, screen: Screen) {
        let scheme = if screen.dark { "dark" } else { "light" };
        let features = json!([{"name": "prefers-color-scheme", "value": scheme}]);
        self.tab.command("Emulation.setEmulatedMedia", json!({"features": features})).await;
        let metrics = json!({
            "width": screen.width, "height": screen.height, "mobile": screen.phone,
            "deviceScaleFactor": if screen.phone { 2 } else { 1 },
        });
        self.tab.command("Emulation.setDeviceMetricsOverride", metrics).await;
        self.tab.command("Emulation.setTouchEmulationEnabled", json!({"enabled": screen.phone})).await;
        // Without this, a background tab shows no focus.
        self.tab.command("Emulation.setFocusEmulationEnabled", json!({"enabled": true})).await;
        let permissions = json!({"permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"]});
        self.tab.command("Browser.grantPermissions", permissions).await;
    }

    /// Failed scripts and blocked content since the last call. Failed connections are left out, because some tests cause
    /// them.
    pub async fn complaints(&self) -> Vec<String> {
        let all = self.tab.complaints().await;
        all.into_iter().filter(|text| !text.contains("ERR_")).collect()
    }

    /// Runs JavaScript, the body of an async function, and gives its return value. Gives null if the page navigated away
    /// meanwhile.
    pub async fn run(&self, script: &str, arguments: Vec<Value>) -> Value {
        let expression = format!("(async function () {{ {script} }}).apply(null, {})", Value::from(arguments));
        let command = json!({
            "expression": expression, "awaitPromise": true, "returnByValue": true, "userGesture": true,
        });
        let mut done = self.tab.command("Runtime.evaluate", command).await;
        assert!(done.get("exceptionDetails").is_none(), "{script}: {}", done["exceptionDetails"]);
        done["result"]["value"].take()
    }

    /// Waits until a JavaScript expression is truthy, and gives its value. `what` names it in the failure.
    async fn until(&self, what: &str, expression: &str, arguments: Vec<Value>) -> Value {
        let deadline = Instant::now() + MAX_WAIT;
        let mut polls = tokio::time::interval(POLL_INTERVAL);
        polls.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let value = self.run(&format!("return ({expression}) || null"), arguments.clone()).await;
            if !value.is_null() {
                return value;
            }
            if Instant::now() >= deadline {
                let shown = self.run("return document.body.innerText", Vec::new()).await;
                self.shot("failure").await;
                panic!("{what} did not appear; the page shows:\n{}", shown.as_str().unwrap_or_default());
            }
            polls.tick().await;
        }
    }

    /// Waits until a visible element contains this text.
    pub async fn see(&self, css: &str, text: &str) {
        let what = format!("`{text}` in `{css}`");
        self.until(
            &what,
            &format!("{VISIBLE}.some(element => element.textContent.includes(arguments[1]))"),
            vec![css.into(), text.into()],
        )
        .await;
    }

    /// Waits until no visible element contains this text.
    pub async fn see_no_more(&self, css: &str, text: &str) {
        let what = format!("the removal of `{text}` in `{css}`");
        self.until(
            &what,
            &format!("!{VISIBLE}.some(element => element.textContent.includes(arguments[1]))"),
            vec![css.into(), text.into()],
        )
        .await;
    }

    /// Waits until an element has the focus.
    pub async fn has_focus(&self, css: &str) {
        self.until(&format!("the focus on `{css}`"), "document.activeElement?.matches(arguments[0])", vec![css.into()])
            .await;
    }

    /// Waits until a matching field has this value.
    pub async fn has_value(&self, css: &str, value: &str) {
        let expression = "document.querySelector(arguments[0])?.value === arguments[1]";
        self.until(&format!("the value `{value}` of `{css}`"), expression, vec![css.into(), value.into()]).await;
    }

    /// The texts of all matching elements, also of hidden ones.
    pub async fn texts(&self, css: &str) -> Vec<String> {
        let script = "return [...document.querySelectorAll(arguments[0])].map(element => element.textContent)";
        serde_json::from_value(self.run(script, vec![css.into()]).await).unwrap()
    }

    /// Clicks on the first matching element, once it is visible and not covered.
    pub async fn click(&self, css: &str) {
        let place =
            self.until(&format!("`{css}` to click on"), &format!("({PLACE})(arguments[0])"), vec![css.into()]).await;
        for step in ["mousePressed", "mouseReleased"] {
            let event = json!({"type": step, "x": place[0], "y": place[1], "button": "left", "clickCount": 1});
            self.tab.command("Input.dispatchMouseEvent", event).await;
        }
    }

    /// Replaces the text of the matching field by typing.
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
        // Some choices navigate to another page.
        assert!(chosen.is_null() || chosen == json!(value), "{css} offers {value}");
    }

    /// Types a text into the focused element; a line break is the Enter key.
    pub async fn press(&self, text: &str) {
        for character in text.chars() {
            if character == '\n' {
                self.key(Key::Enter).await;
                continue;
            }
            let key = character.to_string();
            self.tab.command("Input.dispatchKeyEvent", json!({"type": "keyDown", "key": key, "text": key})).await;
            self.tab.command("Input.dispatchKeyEvent", json!({"type": "keyUp", "key": key})).await;
        }
    }

    /// Presses a key that types no character.
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
            self.tab.command("Input.dispatchKeyEvent", event).await;
        }
    }

    /// The text of the clipboard.
    pub async fn clipboard(&self) -> String {
        let read = self.run("return await navigator.clipboard.readText()", Vec::new()).await;
        read.as_str().expect("the clipboard has a text").to_owned()
    }

    /// Asserts that the page is not wider than the screen.
    pub async fn fits(&self) {
        let script = "return document.documentElement.scrollWidth - document.documentElement.clientWidth";
        assert_eq!(self.run(script, Vec::new()).await, json!(0), "the page is wider than the screen");
        let outside = "return [...document.querySelectorAll('body *')].filter(element => element.checkVisibility() &&
            element.getBoundingClientRect().width > 1 && element.getBoundingClientRect().right > innerWidth + 1 &&
            !element.closest('.unseen, pre, .path')).map(element => element.outerHTML.slice(0, 120))";
        assert_eq!(self.run(outside, Vec::new()).await, json!([]), "elements beyond the right edge");
    }

    /// Saves a screenshot under `target/screenshots/`.
    pub async fn shot(&self, name: &str) {
        let folder = target().join("screenshots");
        std::fs::create_dir_all(&folder).unwrap();
        // Running animations would blur the screenshot.
        self.run("document.getAnimations().forEach(animation => animation.finish())", Vec::new()).await;
        let picture = self.tab.command("Page.captureScreenshot", json!({"format": "png"})).await;
        let picture = base64::engine::general_purpose::STANDARD.decode(picture["data"].as_str().unwrap()).unwrap();
        std::fs::write(folder.join(format!("{name}.png")), picture).unwrap();
    }
}

/// A key that types no character.
#[derive(Debug, Clone, Copy)]
pub enum Key {
    /// Submits, or presses the focused control.
    Enter,
    /// Closes a dialog.
    Escape,
    /// To the next tab of a list of tabs.
    Right,
    /// To the next control.
    Tab,
}

/// The centre of the first matching element, if a click there would hit it.
const PLACE: &str = "css => { const element = document.querySelector(css); if (!element?.checkVisibility() || element.disabled) return null;
    element.scrollIntoView({ block: 'nearest', behavior: 'instant' }); const box = element.getBoundingClientRect();
    const [x, y] = [box.left + box.width / 2, box.top + box.height / 2];
    const hit = document.elementFromPoint(x, y); return hit && (element.contains(hit) || hit.contains(element)) ? [x, y] : null }";

/// The visible elements that match the first argument.
const VISIBLE: &str = "[...document.querySelectorAll(arguments[0])].filter(element => element.checkVisibility())";
