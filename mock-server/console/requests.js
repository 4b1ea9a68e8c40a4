// The live journal, newest request first, filtered by the search.

import { $, emptyState, h, reconcile, showCount } from "./dom.js";
import { base, remove } from "./api.js";
import { dot } from "./list.js";
import { findingsOf, hint, mood, show } from "./exchange.js";
import { Growing } from "./growing.js";
import { compile, terms } from "./query.js";
import { MOST, state } from "./store.js";
import { changed, on } from "./subjects.js";
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
