// Active faults and the answers that they hold.

import { $, emptyState, h, reconcile, setText, showCount } from "./dom.js";
import { base, post, remove } from "./api.js";
import { take } from "./fault-form.js";
import { wordsOf } from "./kinds.js";
import { dot } from "./list.js";
import { loadHeld } from "./loading.js";
import { state, title } from "./store.js";
import { on } from "./subjects.js";
import { timeOfDay } from "./time.js";

const schedule = (rule) => (rule.always ? "always" : rule.every ? `every ${rule.every}.` : `the next ${rule.next}`);

function make(rule) {
  const words = wordsOf(rule.fault);
  const off = () => remove(`faults?id=${rule.id}`).then(({ answer }) => take(answer), () => {});
  return h("li", { class: "rule" }, dot(rule.provider),
    h("div", {}, h("b", { text: `${title(rule.provider)}: ${words}` }), h("span", { class: "fine schedule" })),
    h("button", { type: "button", class: "small", on: { click: off }, "aria-label": `Switch off: ${title(rule.provider)}, ${words}`, text: "Switch off" }));
}

function update(element, rule) {
  const details = [
    schedule(rule), rule.on === "any" ? "on every request" : "on sends", rule.ms === undefined ? null : `${rule.ms} ms`,
    rule.gate ? `gate ${rule.gate}` : null, rule.code ? `code ${rule.code}` : null, rule.name, rule.status ? String(rule.status) : null, rule.location, Object.keys(rule.headers ?? {}).join(", "),
    rule.after_accept ? "message taken" : "message not taken",
  ];
  setText(element.querySelector(".schedule"), details.filter(Boolean).join(" · "));
}

/** Held answers, grouped by gate. */
function gates() {
  const all = new Map();
  for (const held of state.held) all.set(held.gate, [...(all.get(held.gate) ?? []), held]);
  return [...all].map(([gate, held]) => ({ gate, held }));
}

function makeGate({ gate }) {
  const release = (count) => () => post("gates", { release: gate, ...count }).then(loadHeld).catch(() => {});
  return h("li", { class: "rule gate" },
    h("div", {}, h("b"), h("span", { class: "fine" })),
    h("button", { type: "button", class: "small", on: { click: release({ count: 1 }) }, "aria-label": `Release the oldest answer of ${gate}`, text: "Release one" }),
    h("button", { type: "button", class: "small primary", on: { click: release({}) }, "aria-label": `Release every answer of ${gate}`, text: "Release" }));
}

function updateGate(element, { gate, held }) {
  setText(element.querySelector("b"), `${gate} holds ${held.length === 1 ? "an answer" : `${held.length} answers`}`);
  setText(element.querySelector(".fine"), `${title(held[0].provider)} · since ${timeOfDay(held[0].at)}`);
}

function render() {
  const gated = gates();
  reconcile($("held"), gated, ({ gate }) => gate, makeGate, updateGate);
  $("held-title").hidden = gated.length === 0;
  reconcile($("faults"), state.faults, (rule) => rule.id, make, update);
  showCount("faults", state.faults.length > 0 ? String(state.faults.length) : "");
  $("faults-title").hidden = state.faults.length === 0;
  const empty = $("faults-empty");
  empty.hidden = state.faults.length + gated.length > 0;
  emptyState(empty, "Nothing goes wrong at the moment. Switch something on above, or:",
    `curl ${location.origin}${base}/_mock/faults -d '[{"provider":"exotel","fault":"lose_reply","next":2}]'`);
}

/** Reloads while answers are held: no event reports a client that stopped waiting. */
export function tick() {
  if (state.held.length > 0 && !document.hidden) loadHeld();
}

export function start() {
  on(["faults", "accounts"], render);
}
