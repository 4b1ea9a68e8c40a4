// One request and its answer, side by side.

import { $, copyButton, h, open } from "./dom.js";
import { stringify } from "./api.js";
import { curl } from "./curl.js";
import { dot } from "./list.js";
import { state, title } from "./store.js";
import { timeOfDay } from "./time.js";

/** Good, refused, or broken on our order: how an answer is coloured. */
export const mood = ({ status, fault }) => (fault ? "fault" : status < 300 ? "good" : status < 500 ? "refused" : "broken");

/** The first thing in an answer that says in a word what was wrong. */
export function hint(response) {
  const names = ["code", "symbol", "error_code", "error", "message", "description", "title"];
  const look = (value, depth) => {
    if (depth > 4 || value === null || typeof value !== "object") return null;
    for (const name of names) if (typeof value[name] === "string" && value[name] !== "") return value[name];
    for (const inner of Object.values(value)) {
      const found = look(inner, depth + 1);
      if (found) return found;
    }
    return null;
  };
  return look(response, 0);
}

export const findingsOf = (exchange) => (Array.isArray(exchange.findings) ? exchange.findings : []);

function body(value, empty) {
  if (value === null) return h("p", { class: "fine", text: empty });
  const words = typeof value === "string" ? value : stringify(value, 2);
  return h("pre", { class: "wire", tabindex: "0" }, h("code", { text: words }));
}

function headers(all) {
  const rows = Object.entries(all).flatMap(([name, value]) => [h("dt", { text: name }), h("dd", { text: value })]);
  return h("dl", { class: "headers" }, rows);
}

function finding({ level, text, source }) {
  return h("li", { class: "finding", data: { level } }, h("b", { text: level }), h("span", { text }), h("small", { text: source }));
}

function fill(dialog, exchange) {
  const findings = findingsOf(exchange);
  const index = state.requests.findIndex((known) => known.key === exchange.key);
  const step = (by, label, words) => {
    const other = state.requests[index + by];
    return h("button", { type: "button", class: "quiet", disabled: !other, "aria-label": words, title: words, text: label, on: { click: () => fill(dialog, other) } });
  };
  dialog.dataset.key = exchange.key;
  const parts = [
    h("header", { class: "exchange-head" },
      h("h2", { id: "exchange-title" }, dot(exchange.provider), `${title(exchange.provider)} · ${timeOfDay(exchange.at)}`),
      h("div", { class: "buttons" },
        step(1, "‹", "Earlier request (←)"), step(-1, "›", "Later request (→)"),
        copyButton("Copy as curl", () => curl(exchange), { class: "quiet copy", id: "copy-curl" }),
        h("button", { type: "button", class: "quiet round", "aria-label": "Close", text: "×", on: { click: () => dialog.close() } }))),
    exchange.fault ? h("p", { class: "fault-line", text: `A fault was switched on: ${exchange.fault}. The answer below is what the mock had to say; the fault decided what of it went out, and how.` }) : null,
    findings.length > 0 ? h("ul", { class: "findings", "aria-label": "Findings" }, findings.map(finding)) : null,
    h("div", { class: "sides" },
      h("section", { "aria-label": "Request" },
        h("h3", {}, "Request"),
        h("p", { class: "line" }, h("b", { text: exchange.method }), " ", exchange.path),
        headers(exchange.headers),
        body(exchange.body, "no body")),
      h("section", { "aria-label": "Answer" },
        h("h3", {}, "Answer"),
        h("p", { class: "line" }, h("b", { class: "code", data: { mood: mood(exchange) }, text: String(exchange.status) })),
        body(exchange.response, "no body"))),
  ];
  dialog.replaceChildren(...parts.filter(Boolean));
}

/** Shows an exchange; arrows go to the one before and after. */
export function show(exchange) {
  const dialog = $("dialog-exchange");
  fill(dialog, exchange);
  open(dialog);
}

export function start() {
  const dialog = $("dialog-exchange");
  dialog.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: 1, ArrowRight: -1 }[event.key];
    if (by === undefined || event.target.closest("pre")) return;
    const index = state.requests.findIndex((known) => String(known.key) === dialog.dataset.key);
    const other = state.requests[index + by];
    if (other) fill(dialog, other);
    event.preventDefault();
  });
}
