// One request beside its answer, with the places of its findings marked.

import { $, copyButton, h, open } from "./dom.js";
import { stringify } from "./api.js";
import { curl } from "./curl.js";
import { dot } from "./list.js";
import { state, title } from "./store.js";
import { timeOfDay } from "./time.js";


/** The colour of an answer: good, rejected, or made by a fault. */
export const mood = ({ status, fault }) => (fault ? "fault" : status < 300 ? "good" : status < 500 ? "refused" : "broken");

/** The first member of an answer that names the problem. */
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

const NONE = new Map();

/** A body in which the names of the findings are marked. */
export function body(value, empty, names = NONE) {
  if (value === null || value === undefined) return h("p", { class: "fine", text: empty });
  const words = typeof value === "string" ? value : stringify(value, 2);
  return h("pre", { class: "wire", tabindex: "0" }, h("code", {}, members(words, names)));
}

/** Names and values of headers; empty if they are unknown. */
export function headers(all, names = NONE) {
  if (all === null || typeof all !== "object") return null;
  const rows = Object.entries(all).flatMap(([name, value]) => [h("dt", {}, header(name, names)), h("dd", { text: String(value) })]);
  return h("dl", { class: "headers" }, rows);
}

function finding({ level, text, source }) {
  return h("li", { class: "finding", data: { level } }, h("b", { text: level }), h("span", { text }), h("small", { text: source }));
}

/** Faults that replace the provider's answer. All others change it. */
const INSTEAD = ["redirect", "status", "rate_limited"];

/** The cause of an answer that does not follow from the request alone. */
function cause({ fault, cause: words }) {
  if (!fault && !words) return null;
  const name = words ?? fault;
  if (!fault) return `Answered because of the ${name}.`;
  return INSTEAD.includes(fault)
    ? `A fault was switched on: ${name}. It gave this answer, and the message was not taken.`
    : `A fault was switched on: ${name}. The answer below is what the mock had to say; the fault decided what of it went out, and how.`;
}

/** The list for the arrow buttons. */
let through = () => state.requests;

function fill(dialog, exchange) {
  const findings = findingsOf(exchange);
  const names = namesIn(findings);
  const index = through().findIndex((known) => known.key === exchange.key);
  const step = (by, label, words) => {
    const other = index < 0 ? undefined : through()[index + by];
    return h("button", { type: "button", class: "quiet", disabled: !other, "aria-label": words, title: words, text: label, on: { click: () => fill(dialog, other) } });
  };
  const because = cause(exchange);
  dialog.dataset.key = exchange.key;
  const parts = [
    h("header", { class: "exchange-head" },
      h("h2", { id: "exchange-title" }, dot(exchange.provider), `${title(exchange.provider)} · ${timeOfDay(exchange.at)}`),
      h("div", { class: "buttons" },
        step(1, "‹", "Earlier request (←)"), step(-1, "›", "Later request (→)"),
        copyButton("Copy as curl", () => curl(exchange), { class: "quiet copy", id: "copy-curl" }),
        h("button", { type: "button", class: "quiet round", "aria-label": "Close", text: "×", on: { click: () => dialog.close() } }))),
    because ? h("p", { class: "fault-line", text: because }) : null,
    findings.length > 0 ? h("ul", { class: "findings", "aria-label": "Findings" }, findings.map(finding)) : null,
    h("div", { class: "sides" },
      h("section", { "aria-label": "Request" },
        h("h3", {}, "Request"),
        h("p", { class: "line" }, h("b", { text: exchange.method }), " ", parameters(exchange.path, names)),
        headers(exchange.headers, names),
        body(exchange.body, "no body", names)),
      h("section", { "aria-label": "Answer" },
        h("h3", {}, "Answer"),
        h("p", { class: "line" }, h("b", { class: "code", data: { mood: mood(exchange) }, text: String(exchange.status) })),
        headers(exchange.response_headers),
        body(exchange.response, "no body"))),
  ];
  dialog.replaceChildren(...parts.filter(Boolean));
}

/** Shows an exchange. The arrows go through `list`, or through all requests. */
export function show(exchange, list = () => state.requests) {
  const dialog = $("dialog-exchange");
  through = list;
  fill(dialog, exchange);
  open(dialog);
}

export function start() {
  const dialog = $("dialog-exchange");
  dialog.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: 1, ArrowRight: -1 }[event.key];
    if (by === undefined || event.target.closest("pre")) return;
    const index = through().findIndex((known) => known.key === dialog.dataset.key);
    const other = index < 0 ? undefined : through()[index + by];
    if (other) fill(dialog, other);
    event.preventDefault();
  });
}

// Marks the names that findings give, at their places in a request.

const RANK = ["note", "tolerated", "refused"];

/** The names in backticks of the findings, without their paths, each with its worst level. */
export function namesIn(findings) {
  const names = new Map();
  for (const { level, text } of findings) {
    for (const [, path] of text.matchAll(/`([\w.[\]-]+)`/g)) {
      const name = path.replace(/\[\d+\]/g, "").split(".").at(-1).toLowerCase();
      if (name !== "" && RANK.indexOf(level) >= RANK.indexOf(names.get(name) ?? "note")) names.set(name, level);
    }
  }
  return names;
}

const escaped = (name) => name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

const mark = (text, level) => h("mark", { data: { level }, text });

/** Splits a text into parts with marked names. `around` is a pattern in which `NAME` stands for the name. */
function marked(text, names, around) {
  if (names.size === 0) return [text];
  const pattern = new RegExp(around.replace("NAME", [...names.keys()].map(escaped).join("|")), "gi");
  const parts = [];
  let from = 0;
  for (const found of text.matchAll(pattern)) {
    parts.push(text.slice(from, found.index), mark(found[0], names.get(found.groups.name.toLowerCase())));
    from = found.index + found[0].length;
  }
  parts.push(text.slice(from));
  return parts;
}

/** The members of a JSON text. */
export const members = (text, names) => marked(text, names, '"(?<name>NAME)"(?=\\s*:)');

/** The parameters of a path's query. */
export function parameters(path, names) {
  const [start, ...query] = path.split("?");
  return query.length === 0 ? [path] : [`${start}?`, ...marked(query.join("?"), names, "(?<=^|&)(?<name>NAME)(?==|&|$)")];
}

/** The name of a header. */
export const header = (name, names) => (names.has(name) ? [mark(name, names.get(name))] : [name]);
