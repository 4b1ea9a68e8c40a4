// One conversation: what was said, what is left of the window, and a box to write as the customer.

import { $, announce, h, icon, reconcile } from "./dom.js";
import { post } from "./api.js";
import { elements } from "./content.js";
import { dot, go } from "./list.js";
import { on, selected, title } from "./store.js";
import { day, minuteOfDay, windowNow } from "./time.js";

const WORDS = { sent: "sent", delivered: "delivered", read: "read", failed: "failed" };
const RANK = ["sent", "delivered", "read", "failed"];

/** How far a message got: the furthest of its statuses. */
function furthest(message) {
  return message.statuses.reduce((best, status) => (!best || RANK.indexOf(status.status) >= RANK.indexOf(best.status) ? status : best), null);
}

function ticks(message) {
  const status = furthest(message);
  if (!status) return [];
  const drawing = status.status === "failed" ? "cross" : status.status === "sent" ? "tick" : "ticks";
  return [h("span", { class: `status ${status.status}`, title: WORDS[status.status] ?? status.status }, icon(drawing), h("span", { class: "unseen", text: WORDS[status.status] ?? status.status }))];
}

/** Writes as the customer of the conversation that is shown. */
async function write(content) {
  const row = selected();
  if (!row) return;
  const words = content.type === "text" ? { text: content.body } : { content };
  await post("inbound", { provider: row.provider, from: row.contact, to: row.business, ...words });
}

const answer = (content) => write(content).catch(() => {});

function bubble({ message, row }) {
  const kind = message.content?.type === "template" ? " template" : "";
  const who = message.direction === "in" ? "Customer" : "Business";
  return h("article", { class: `bubble ${message.direction}${kind}`, "aria-label": who },
    h("div", { class: "said" }, elements(row.provider, message.content, message.direction === "out" ? answer : null)),
    h("footer", {}, message.reference ? h("span", { class: "reference", text: message.reference, title: "The client's own reference" }) : null, h("time", { datetime: message.at, text: minuteOfDay(message.at) }), h("span", { class: "ticks" })),
    h("p", { class: "why", hidden: true }));
}

function updateBubble(element, { message }) {
  const status = furthest(message);
  const told = status?.status ?? "";
  if (message.direction === "in" || element.dataset.status === told) return;
  element.dataset.status = told;
  element.querySelector(".ticks").replaceChildren(...ticks(message));
  const why = element.querySelector(".why");
  why.hidden = !status?.error;
  if (status?.error) why.textContent = `${status.error.code} ${status.error.name}: ${status.error.text}`;
}

/** Messages with a line before each new day, and one where the window closed. */
function lines(row) {
  const all = [];
  let today = null;
  row.messages.forEach((message, index) => {
    const date = day(message.at);
    if (date !== today) all.push({ key: `day ${index} ${date}`, words: date });
    today = date;
    all.push({ key: `${message.direction} ${message.message_id}`, message, row });
  });
  const window = windowNow(row.window);
  if (window.state === "closed") {
    all.push({ key: `closed ${window.since}`, words: `The 24-hour window closed on ${day(window.since)} at ${minuteOfDay(window.since)}. Only templates go.`, closed: true });
  } else if (window.state === "never") {
    all.push({ key: "never", words: "The customer has never written. Only templates go.", closed: true });
  }
  return all;
}

let shown = null;
let windowState = null;

function render() {
  const row = selected();
  const log = $("log");
  $("compose").hidden = !row;
  $("window").hidden = !row;
  if (!row) {
    $("chat-title").textContent = "No conversation chosen";
    $("chat-line").textContent = "";
    log.replaceChildren();
    return;
  }
  $("chat-title").textContent = row.name ?? row.contact;
  $("chat-line").replaceChildren(dot(row.provider), `${title(row.provider)} · ${row.name ? `${row.contact} · ` : ""}to ${row.business}`);
  $("compose-label").textContent = `Write as ${row.name ?? row.contact}`;
  const other = shown !== row.key;
  const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 80;
  const before = log.childElementCount;
  if (other) log.replaceChildren();
  shown = row.key;
  reconcile(log, lines(row), (line) => line.key,
    (line) => (line.message ? bubble(line) : h("p", { class: line.closed ? "divider closed" : "divider", text: line.words })),
    (element, line) => line.message && updateBubble(element, line));
  if (other || atEnd || log.childElementCount !== before) log.scrollTop = log.scrollHeight;
  tick();
}

/** What is left of the window, as time goes by. */
export function tick() {
  const row = selected();
  if (!row) return;
  const window = windowNow(row.window);
  const words = {
    open: `${window.text} left`, short: `${window.text} left`, closed: `Window ${window.text}`, never: "Window never opened",
  };
  $("window").dataset.state = window.state;
  $("window-text").textContent = words[window.state];
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

async function submit(event) {
  event.preventDefault();
  const box = $("compose-text");
  const words = box.value.trim();
  if (words === "") return;
  box.value = "";
  grow();
  await write({ type: "text", body: words }).catch(() => {
    box.value = words;
    grow();
  });
  box.focus();
}

/** The box is as high as what is in it, up to a limit of its style. */
function grow() {
  const box = $("compose-text");
  box.style.height = "auto";
  box.style.height = `${box.scrollHeight + 2}px`;
}

export function start() {
  on(["chat", "accounts"], render);
  $("compose").addEventListener("submit", submit);
  $("compose-text").addEventListener("input", grow);
  $("compose-text").addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) submit(event);
  });
  $("back").addEventListener("click", () => go("people"));
}
