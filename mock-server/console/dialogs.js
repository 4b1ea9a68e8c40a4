// Dialogs for a new conversation, the reset and the help, and the keyboard shortcuts.

import { $, choice, field, h, open, toast } from "./dom.js";
import { post } from "./api.js";
import { advance, choose, next, toggleFreeze } from "./clock.js";
import { attach } from "./compose.js";
import { go, move } from "./list.js";
import { openTab } from "./navigation.js";
import { EXAMPLES } from "./requests.js";
import { drawn, expect, likelyProvider, state, title } from "./store.js";

const cancel = (dialog) => h("button", { type: "button", text: "Cancel", on: { click: () => dialog.close() } });

/** Asks for sender and contact, and sends the first message. */
export function begin() {
  const dialog = $("dialog-new");
  const providers = [...state.accounts.keys()].map((name) => [name, title(name)]);
  const provider = choice({ id: "new-provider" }, providers);
  if (likelyProvider()) provider.value = likelyProvider();
  const sender = h("select", { id: "new-business" });
  const from = h("input", { type: "tel", required: true, id: "new-from", autocomplete: "off", placeholder: "+919876543210" });
  const name = h("input", { id: "new-name", autocomplete: "off", placeholder: "optional" });
  const words = h("input", { id: "new-text", required: true, autocomplete: "off", value: "hi" });
  const senders = () => {
    const own = (state.accounts.get(provider.value)?.senders ?? []).filter((known) => known.owned);
    sender.replaceChildren(...own.map((known) => h("option", { value: known.phone, text: `${known.phone} ${known.name}` })));
  };
  provider.addEventListener("change", senders);
  senders();
  const submit = async (event) => {
    event.preventDefault();
    const body = { provider: provider.value, from: from.value, to: sender.value, text: words.value };
    if (name.value.trim() !== "") body.name = name.value.trim();
    await post("inbound", body).then(async () => {
      dialog.close();
      expect(provider.value, sender.value, `+${from.value.replace(/\D/g, "")}`);
      go("chat");
      await drawn();
      $("compose-text").focus();
    }, () => {});
  };
  dialog.replaceChildren(h("form", { class: "form", on: { submit } },
    h("h2", { id: "dialog-new-title", text: "A customer writes" }),
    h("div", { class: "fields" },
      field("Provider", provider), field("To the business number", sender),
      field("From the customer's number", from), field("Profile name", name)),
    field("Message", words),
    h("div", { class: "buttons" }, cancel(dialog), h("button", { type: "submit", class: "primary", text: "Write" }))));
  open(dialog);
  from.focus();
}

/** Asks before the reset. */
export function askReset() {
  const dialog = $("dialog-reset");
  const reset = async () => {
    await post("reset", {}).then(() => {
      dialog.close();
      toast("The world is as it was at the start", "fine");
    }, () => {});
  };
  dialog.replaceChildren(h("div", { class: "form" },
    h("h2", { id: "dialog-reset-title", text: "Reset the mock?" }),
    h("p", { text: "Messages, requests, faults, webhooks and switches are forgotten, and the clock shows real time again." }),
    h("div", { class: "buttons" }, cancel(dialog), h("button", { type: "button", class: "danger", text: "Reset", on: { click: reset } }))));
  open(dialog);
}

export function start() {
  startKeys();
  $("new").addEventListener("click", begin);
  $("reset").addEventListener("click", askReset);
  // A click beside a dialog closes it.
  for (const dialog of document.querySelectorAll("dialog")) {
    dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  }
}

// Single keys as shortcuts, while no field has the focus and no dialog is open.

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

function startKeys() {
  document.addEventListener("keydown", press);
  $("help").addEventListener("click", help);
}
