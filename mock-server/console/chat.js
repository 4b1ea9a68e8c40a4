// One conversation: its messages and the time left in the session window.

import { $, announce, copyButton, h, icon, reconcile, setText } from "./dom.js";
import { base } from "./api.js";
import { answer } from "./compose.js";
import { elements, summary } from "./content.js";
import { begin } from "./dialogs.js";
import { hint, show } from "./exchange.js";
import { dot, go } from "./list.js";
import { MOST, on, selected, title } from "./store.js";
import { day, minuteOfDay, windowNow } from "./time.js";

/** The messages, with dividers before each day, before left-out messages and where the window closed. */
function lines(row) {
  const all = [];
  let today = null;
  if (row.cut) all.push({ key: "cut", make: earlier });
  for (const message of row.messages) {
    const date = day(message.at);
    // Keyed by the next message, so that a day that occurs twice has two dividers.
    if (date !== today) all.push({ key: `day ${message.message_id}`, make: () => divider(date) });
    today = date;
    all.push({ key: `${message.direction} ${message.message_id}`, make: () => bubble(message, row, answer), message });
  }
  const window = windowNow(row.window);
  if (window.state === "closed") {
    const words = `The 24-hour window closed on ${day(window.since)} at ${minuteOfDay(window.since)}. Only templates go.`;
    all.push({ key: `closed ${window.since}`, make: () => divider(words, "closed") });
  } else if (window.state === "never") {
    all.push({ key: "never", make: () => divider("The customer has never written. Only templates go.", "closed") });
  }
  return all;
}

const divider = (words, kind = "") => h("p", { class: `divider ${kind}`, text: words });

function earlier() {
  const all = h("a", { href: `${base}/_mock/messages`, target: "_blank", text: "all delivered messages" });
  return h("p", { class: "divider", id: "log-cut" }, `The last ${MOST.messages} messages. Elsewhere: `, all);
}

/** The page while no conversation is chosen. */
function welcome() {
  const command = `curl ${location.origin}${base}/_mock/inbound -d '{"provider":"exotel","from":"+919876543210","text":"hi"}'`;
  return h("div", { class: "welcome", data: { key: "welcome" } },
    h("h3", { text: "Be the customer" }),
    h("p", { text: "Write to one of the four providers as a customer would. That opens the 24-hour window, and whatever your application answers shows up here." }),
    h("button", { type: "button", class: "primary", id: "welcome-new", text: "A customer writes…", on: { click: begin } }),
    h("p", { class: "fine", text: `Your application needs only another host: ${location.origin}${base}` }),
    h("details", {}, h("summary", { class: "fine", text: "The same from a terminal" }),
      h("div", { class: "try" }, h("pre", { tabindex: "0" }, h("code", { text: command })), copyButton("Copy", () => command))));
}

let shown = null;
let windowState = null;
/** Whether the newest message is in sight. If so, the view follows the next one. */
let atEnd = true;

function toEnd() {
  const log = $("log");
  log.scrollTop = log.scrollHeight;
  atEnd = true;
  $("newer").hidden = true;
}

function render() {
  const row = selected();
  const log = $("log");
  $("compose").hidden = !row;
  $("window").hidden = !row;
  if (shown !== (row?.key ?? null) || !row) log.replaceChildren();
  if (!row) {
    shown = null;
    setText($("chat-title"), "No conversation chosen");
    $("chat-line").replaceChildren();
    log.append(welcome());
    return;
  }
  setText($("chat-title"), row.name ?? row.contact);
  const line = `${title(row.provider)} · ${row.name ? `${row.contact} · ` : ""}to ${row.business}`;
  if ($("chat-line").textContent !== line) $("chat-line").replaceChildren(dot(row.provider), line);
  setText($("compose-label"), `Write as ${row.name ?? row.contact}`);
  const newest = log.lastElementChild;
  reconcile(log, lines(row), (item) => item.key, (item) => item.make(), (element, item) => item.message && updateBubble(element, item.message));
  if (shown !== row.key || atEnd) {
    if (newest !== log.lastElementChild || atEnd) toEnd();
  } else if (newest !== log.lastElementChild) {
    $("newer").hidden = false;
  }
  shown = row.key;
  tick();
}

/** Updates the time left in the session window. */
export function tick() {
  const row = selected();
  if (!row) return;
  const window = windowNow(row.window);
  const words = {
    open: `${window.text} left`, short: `${window.text} left`, closed: `Window ${window.text}`, never: "Window never opened",
  };
  if ($("window").dataset.state !== window.state) $("window").dataset.state = window.state;
  setText($("window-text"), words[window.state]);
  $("window-left").value = window.left / 1000;
  const now = `${row.key} ${window.state}`;
  if (windowState === now) return;
  const closed = windowState === `${row.key} open` || windowState === `${row.key} short`;
  windowState = now;
  if (window.state === "closed" && closed) {
    announce("The 24-hour window is closed.");
    render();
  }
}

export function start() {
  on(["chat", "accounts"], render);
  $("back").addEventListener("click", () => go("people"));
  $("newer").addEventListener("click", toEnd);
  $("log").addEventListener("scroll", () => {
    const log = $("log");
    atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 80;
    if (atEnd) $("newer").hidden = true;
  }, { passive: true });
}

// One message of a conversation: content, status, or the reason of its rejection.

const RANK = ["sent", "delivered", "read", "failed"];
const DRAWINGS = { sent: "tick", failed: "cross" };

/** The furthest status of a message. */
function furthest(message) {
  return message.statuses.reduce((best, status) => (!best || RANK.indexOf(status.status) >= RANK.indexOf(best.status) ? status : best), null);
}

function ticks({ status }) {
  return h("span", { class: `status ${status}`, title: status }, icon(DRAWINGS[status] ?? "ticks"), h("span", { class: "unseen", text: status }));
}

/** A bubble; `answer` sends a choice of the message as the contact. */
export function bubble(message, row, answer) {
  if (message.direction === "attempt") return attempt(message, row);
  const kind = message.content?.type === "template" ? " template" : "";
  return h("article", { class: `bubble ${message.direction}${kind}`, "aria-label": message.direction === "in" ? "Customer" : "Business" },
    h("div", { class: "said" }, elements(row.provider, message.content, message.direction === "out" ? answer : null), target(message, row)),
    h("footer", {},
      message.reference ? h("span", { class: "reference", text: message.reference, title: "The client's own reference" }) : null,
      h("time", { datetime: message.at, text: minuteOfDay(message.at) }),
      h("span", { class: "ticks" })),
    h("p", { class: "why", hidden: true }));
}

/** The message of a reaction, if it is still listed. */
function target({ content }, row) {
  if (content?.type !== "reaction") return null;
  const about = row.messages.findLast((known) => known.message_id === content.message_id);
  return about ? h("p", { class: "fine about", text: `to “${summary(row.provider, about.content)}”` }) : null;
}

/** A rejected message: struck out, with a link to the request. */
function attempt({ exchange, content, at }, row) {
  const why = exchange.cause ?? exchange.fault ?? hint(exchange.response) ?? "see why";
  return h("article", { class: "bubble attempt", "aria-label": "Refused message of the business" },
    h("div", { class: "said" }, elements(row.provider, content, null)),
    h("button", { type: "button", class: "refusal", title: "Show the request and its answer", on: { click: () => show(exchange) } },
      h("b", { text: `Refused ${exchange.status}` }), h("span", { text: why }), h("time", { datetime: at, text: minuteOfDay(at) })));
}

/** Shows the newest status of a message that is shown already. */
export function updateBubble(element, message) {
  const status = furthest(message);
  if (message.direction !== "out" || !status || element.dataset.status === status.status) return;
  element.dataset.status = status.status;
  element.querySelector(".ticks").replaceChildren(ticks(status));
  const why = element.querySelector(".why");
  why.hidden = !status.error;
  if (status.error) why.textContent = `${status.error.code} ${status.error.name}: ${status.error.text}`;
}
