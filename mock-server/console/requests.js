// The journal, live: the newest request first.

import { $, emptyState, h, reconcile } from "./dom.js";
import { base } from "./api.js";
import { dot } from "./list.js";
import { findingsOf, hint, mood, show } from "./exchange.js";
import { on, state } from "./store.js";
import { timeOfDay } from "./time.js";

/** How many findings of each level there are. */
function levels(exchange) {
  const counts = new Map();
  for (const { level } of findingsOf(exchange)) counts.set(level, (counts.get(level) ?? 0) + 1);
  return [...counts].map(([level, count]) => h("span", { class: "badge", data: { level }, text: `${count} ${level}` }));
}

function make(exchange) {
  const said = exchange.status >= 400 ? hint(exchange.response) : null;
  return h("li", {}, h("button", { type: "button", class: "request", on: { click: () => show(exchange) } },
    h("span", { class: "request-top" },
      dot(exchange.provider),
      h("time", { datetime: exchange.at, text: timeOfDay(exchange.at) }),
      h("b", { text: exchange.method }),
      h("span", { class: "path", text: exchange.path, title: exchange.path }),
      h("b", { class: "code", data: { mood: mood(exchange) }, text: String(exchange.status) })),
    said || exchange.fault || findingsOf(exchange).length > 0
      ? h("span", { class: "request-more" },
        said ? h("span", { class: "said-word", text: said }) : null,
        exchange.fault ? h("span", { class: "badge", data: { level: "fault" }, text: exchange.fault }) : null,
        levels(exchange))
      : null));
}

function render() {
  reconcile($("requests"), state.requests, (exchange) => exchange.key, make);
  $("count-requests").textContent = state.requests.length > 0 ? String(state.requests.length) : "";
  const empty = $("requests-empty");
  empty.hidden = state.requests.length > 0;
  const body = JSON.stringify({ from: "+919876500001", to: "+919876543210", content: { type: "text", text: { body: "Hello" } } });
  emptyState(empty, "No client has asked for anything yet. Point one at this address, or try:",
    `curl -u demo-key:demo-token ${location.origin}${base}/v2/accounts/acme/messages \\\n  -H 'content-type: application/json' \\\n  -d '${body}'`);
}

export function start() {
  on(["requests"], render);
}
