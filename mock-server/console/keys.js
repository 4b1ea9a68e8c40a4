// Single keys as shortcuts, while no field has the focus and no dialog is open.

import { $, h, open } from "./dom.js";
import { attach } from "./attach.js";
import { advance, choose, next, toggleFreeze } from "./clock.js";
import { begin } from "./dialogs.js";
import { move } from "./list.js";
import { EXAMPLES } from "./query.js";
import { openTab } from "./tabs.js";

const write = () => $("compose-text").focus();

function search() {
  openTab("requests");
  $("search").focus();
}

const SHORTCUTS = [
  { keys: ["?"], words: "these shortcuts", run: () => help() },
  { keys: ["j", "↓"], words: "next conversation", run: () => move(1) },
  { keys: ["k", "↑"], words: "previous conversation", run: () => move(-1) },
  { keys: ["n"], words: "a customer writes for the first time", run: () => begin() },
  { keys: ["w"], words: "write as the customer", run: write },
  { keys: ["a"], words: "send a file, a place or a reaction as the customer", run: () => attach() },
  { keys: ["/"], words: "search the requests", run: search },
  { keys: ["h"], words: "one hour ahead", run: () => advance("1h", "One hour later") },
  { keys: ["d"], words: "25 hours ahead", run: () => advance("25h", "25 hours later") },
  { keys: ["e"], words: "advance to the next event", run: () => next().catch(() => {}) },
  { keys: ["f"], words: "freeze the clock, or let it run", run: () => toggleFreeze() },
  { keys: ["s"], words: "set the clock", run: () => choose() },
  { keys: ["1"], words: "requests", run: () => openTab("requests") },
  { keys: ["2"], words: "faults", run: () => openTab("faults") },
  { keys: ["3"], words: "webhooks", run: () => openTab("webhooks") },
  { keys: ["4"], words: "settings", run: () => openTab("settings") },
];

const SWITCH = "transom-keys";

const keysAreOn = () => localStorage.getItem(SWITCH) !== "off";
const setKeys = (on) => localStorage.setItem(SWITCH, on ? "on" : "off");

/** Lists the shortcuts and has the switch that turns them off (for voice input, for example). */
function help() {
  const dialog = $("dialog-help");
  const on = h("input", { type: "checkbox", checked: keysAreOn() });
  on.addEventListener("change", () => setKeys(on.checked));
  dialog.replaceChildren(h("div", { class: "form" },
    h("h2", { id: "dialog-help-title", text: "Keyboard shortcuts" }),
    h("dl", { class: "keys paired" }, SHORTCUTS.flatMap(({ keys, words }) => [h("dt", {}, keys.map((key) => h("kbd", { text: key }))), h("dd", { text: words })])),
    h("h3", { text: "Words of a search" }),
    h("dl", { class: "keys" }, EXAMPLES.flatMap(([example, words]) => [h("dt", {}, h("kbd", { text: example })), h("dd", { text: words })])),
    h("label", { class: "check" }, on, h("span", { text: "Single keys are shortcuts" })),
    h("p", { class: "fine" }, "Everything here is also a call: ", h("a", { href: "/_mock/openapi.json", target: "_blank", text: "/_mock/openapi.json" })),
    h("div", { class: "buttons" }, h("button", { type: "button", class: "primary", text: "Close", on: { click: () => dialog.close() } }))));
  open(dialog);
}

function press(event) {
  const writing = event.target.closest?.("input, textarea, select, [contenteditable]");
  if (event.key === "Escape" && writing && !document.querySelector("dialog[open]")) event.target.blur();
  if (writing || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]") || !keysAreOn()) return;
  const key = { ArrowDown: "↓", ArrowUp: "↑" }[event.key] ?? event.key;
  // Arrows move only within the list. Elsewhere they scroll.
  if (key.length === 1 && "↓↑".includes(key) && !event.target.closest?.("#people")) return;
  const shortcut = SHORTCUTS.find(({ keys }) => keys.includes(key));
  if (!shortcut) return;
  event.preventDefault();
  shortcut.run();
}

export function start() {
  document.addEventListener("keydown", press);
  $("help").addEventListener("click", help);
}
