// The live journal, newest request first, and its search language.

import { $, Growing, emptyState, h, reconcile, showCount } from "./dom.js";
import { base, remove, stringify } from "./api.js";
import { findingsOf, hint, mood, show } from "./exchange.js";
import { dot } from "./list.js";
import { MOST, changed, on, state } from "./store.js";
import { count, timeOfDay } from "./time.js";

/** The number of findings of each level. */
function levels(exchange) {
  const counts = new Map();
  for (const { level } of findingsOf(exchange)) counts.set(level, (counts.get(level) ?? 0) + 1);
  return [...counts].map(([level, number]) => h("span", { class: "badge", data: { level }, text: `${number} ${level}` }));
}

function make(exchange) {
  const said = exchange.status >= 400 ? hint(exchange.response) : null;
  // Names the fault, or else another cause such as a limit.
  const because = exchange.fault ?? exchange.cause;
  return h("li", {}, h("button", { type: "button", class: "request", on: { click: () => show(exchange, found) } },
    h("span", { class: "request-top" },
      dot(exchange.provider),
      h("time", { datetime: exchange.at, text: timeOfDay(exchange.at) }),
      h("b", { text: exchange.method }),
      h("span", { class: "path", text: exchange.path, title: exchange.path }),
      h("b", { class: "code", data: { mood: mood(exchange) }, text: String(exchange.status) })),
    said || because || findingsOf(exchange).length > 0
      ? h("span", { class: "request-more" },
        said ? h("span", { class: "said-word", text: said }) : null,
        because ? h("span", { class: "badge", data: { level: "fault" }, title: exchange.cause, text: because }) : null,
        levels(exchange))
      : null));
}

const shown = new Growing("requests-more", "requests", () => changed("requests"));

/** The requests that match the search. */
export function found() {
  const means = compile($("search").value, [...state.accounts.keys()]);
  return means ? state.requests.filter(means) : state.requests;
}

function render() {
  const query = $("search").value.trim();
  const requests = found();
  const kept = state.requests.length >= MOST.requests ? `The page keeps the last ${count(MOST.requests)}; the mock has more under /_mock/requests.` : null;
  reconcile($("requests"), shown.part(requests, kept), (exchange) => exchange.key, make);
  showCount("requests", state.requests.length > 0 ? count(state.requests.length) : "");
  $("search-form").hidden = state.requests.length === 0;
  const words = query === "" ? "" : `${count(requests.length)} of ${count(state.requests.length)}`;
  $("search-count").textContent = words;
  for (const chip of document.querySelectorAll("#search-form [data-term]")) {
    chip.setAttribute("aria-pressed", String(terms(query).includes(chip.dataset.term)));
  }
  $("search-empty").hidden = requests.length > 0 || state.requests.length === 0;
  const empty = $("requests-empty");
  empty.hidden = state.requests.length > 0;
  const body = JSON.stringify({ from: "+919876500001", to: "+919876543210", content: { type: "text", text: { body: "Hello" } } });
  emptyState(empty, "No client has asked for anything yet. Point one at this address, or try:",
    `curl -u demo-key:demo-token ${location.origin}${base}/v2/accounts/acme/messages \\\n  -H 'content-type: application/json' \\\n  -d '${body}'`);
}

function search() {
  shown.reset();
  changed("requests");
}

/** Adds a word to the search or removes it. */
function toggle(term) {
  const box = $("search");
  const there = terms(box.value);
  box.value = (there.includes(term) ? there.filter((other) => other !== term) : [...there, term]).join(" ");
  search();
}

export function start() {
  on(["requests", "accounts"], render);
  $("search").addEventListener("input", search);
  $("requests-forget").addEventListener("click", () => remove("requests").catch(() => {}));
  $("search-form").addEventListener("submit", (event) => event.preventDefault());
  for (const chip of document.querySelectorAll("#search-form [data-term]")) chip.addEventListener("click", () => toggle(chip.dataset.term));
}

// The search language for requests: all words must match, some in a named place.

/** The examples in the help. */
export const EXAMPLES = [
  ["exotel", "a provider's requests"],
  ["status:4xx", "by status, also status:404 or status:>=400"],
  ["finding:refused", "with such a finding; finding:any for all"],
  ["fault:any", "answered by a fault, or fault:gate"],
  ["\"no session\"", "with these words anywhere"],
  ["-method:GET", "and not this"],
];

/** The places that a word can name. */
const PLACES = {
  provider: (exchange, wanted) => exchange.provider === wanted,
  method: (exchange, wanted) => exchange.method.toLowerCase() === wanted,
  path: (exchange, wanted) => exchange.path.toLowerCase().includes(wanted),
  status: (exchange, wanted) => hasStatus(exchange.status, wanted),
  finding: (exchange, wanted) => (exchange.findings ?? []).some(({ level, text }) => wanted === "any" || level === wanted || text.toLowerCase().includes(wanted)),
  fault: (exchange, wanted) => (wanted === "any" ? Boolean(exchange.fault) : exchange.fault === wanted),
  body: (exchange, wanted) => words(exchange.body).includes(wanted),
  answer: (exchange, wanted) => words(exchange.response).includes(wanted),
};

/** `404`, `4xx`, `>=400`, `<300`. */
function hasStatus(status, wanted) {
  const compared = wanted.match(/^([<>]=?)(\d+)$/);
  if (compared) {
    const [than, sign] = [Number(compared[2]), compared[1]];
    return sign.startsWith("<") ? status < than || (sign === "<=" && status === than) : status > than || (sign === ">=" && status === than);
  }
  return new RegExp(`^${wanted.replace(/[^0-9x]/g, "").replaceAll("x", "\\d")}$`).test(String(status));
}

const words = (value) => (value === null || value === undefined ? "" : typeof value === "string" ? value : stringify(value)).toLowerCase();

const texts = new WeakMap();

/** The whole text of a request and its answer, in lower case. */
function text(exchange) {
  let all = texts.get(exchange);
  if (all === undefined) {
    const headers = Object.entries(exchange.headers ?? {}).map(([name, value]) => `${name}: ${value}`);
    const findings = (exchange.findings ?? []).map((finding) => finding.text);
    all = [exchange.method, exchange.path, exchange.status, ...headers, words(exchange.body), words(exchange.response), exchange.cause, ...findings].join("\n").toLowerCase();
    texts.set(exchange, all);
  }
  return all;
}

/** The words of a query; text in quotes is one word. */
export const terms = (query) => query.match(/-?(?:[a-z]+:)?"[^"]*"?|\S+/gi) ?? [];

function test(term, providers) {
  const [, not, place, rest] = term.toLowerCase().match(/^(-?)(?:([a-z]+):)?(.*)$/s);
  const wanted = rest.replace(/^"|"$/g, "");
  let holds;
  if (place && Object.hasOwn(PLACES, place)) holds = (exchange) => PLACES[place](exchange, wanted);
  else if (!place && providers.includes(wanted)) holds = (exchange) => exchange.provider === wanted;
  else {
    const whole = (place ? `${place}:` : "") + wanted;
    holds = (exchange) => text(exchange).includes(whole);
  }
  return not ? (exchange) => !holds(exchange) : holds;
}

/** Compiles a query to a test of an exchange; null if every exchange matches. */
export function compile(query, providers) {
  const tests = terms(query).filter((term) => !/^-?(?:[a-z]+:)?"?"?$/i.test(term)).map((term) => test(term, providers));
  return tests.length === 0 ? null : (exchange) => tests.every((holds) => holds(exchange));
}
