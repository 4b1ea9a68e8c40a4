// Faults: what goes wrong on order.

import { $, choice, emptyState, field, h, reconcile } from "./dom.js";
import { base, post, remove } from "./api.js";
import { dot } from "./list.js";
import { on, state, title } from "./store.js";

const KINDS = [
  ["lose_reply", "lose the answer", "The message is taken; the connection closes without an answer."],
  ["truncate", "cut the answer", "The message is taken; half of the answer arrives."],
  ["hang", "hang", "The message is taken; no answer ever comes."],
  ["reset", "reset the connection", "The message is taken; the connection is reset."],
  ["garbage", "answer garbage", "The message is taken; the answer is 200 and not JSON."],
  ["html", "answer a web page", "The message is taken; the answer is 200 and a page of HTML."],
  ["delay", "answer late", "The message is taken; the answer waits."],
  ["redirect", "redirect", "The message is not taken; the answer points elsewhere."],
  ["status", "answer a status", "The message is not taken; the answer is a bare status."],
  ["rate_limited", "limit the rate", "The message is not taken; the answer is the provider's own for too many."],
];
const SPOILING = 7;

const controls = {};

/** Only the controls that the chosen kind and schedule need. */
function adapt() {
  const kind = controls.kind.value;
  const index = KINDS.findIndex(([name]) => name === kind);
  controls.about.textContent = controls.refuse.checked && index < SPOILING ? KINDS[index][2].replace("is taken", "is not taken") : KINDS[index][2];
  controls.ms.closest("label").hidden = kind !== "delay";
  controls.status.closest("label").hidden = kind !== "status";
  controls.refuse.closest("label").hidden = index >= SPOILING;
  controls.count.closest("label").hidden = controls.how.value === "always";
}

async function submit(event) {
  event.preventDefault();
  const { kind, how, count, ms, status, refuse, any, provider } = controls;
  const rule = { provider: provider.value, fault: kind.value, on: any.checked ? "any" : "send" };
  rule[how.value] = how.value === "always" ? true : Number(count.value);
  if (kind.value === "delay") rule.ms = Number(ms.value);
  if (kind.value === "status") rule.status = Number(status.value);
  if (!refuse.closest("label").hidden && refuse.checked) rule.after_accept = false;
  await post("faults", rule).then(({ answer }) => take(answer), () => {});
}

/** The answer is the list as it is, so that nobody waits for the event. */
function take(faults) {
  state.faults = faults;
  render();
}

function build() {
  const form = $("fault-form");
  if (form.childElementCount > 0 || state.accounts.size === 0) return;
  const number = (value, min, max) => h("input", { type: "number", value: String(value), min, max, required: true });
  controls.provider = choice({ id: "fault-provider" }, [...state.accounts.keys()].map((provider) => [provider, title(provider)]));
  controls.kind = choice({ id: "fault-kind" }, KINDS.map(([name, words]) => [name, words]));
  controls.how = choice({ id: "fault-how" }, [["next", "the next"], ["every", "every"], ["always", "always"]]);
  controls.count = number(1, 1, 1_000_000);
  controls.ms = number(2000, 0, 3_600_000);
  controls.status = number(503, 200, 999);
  controls.refuse = h("input", { type: "checkbox" });
  controls.any = h("input", { type: "checkbox" });
  controls.about = h("p", { class: "fine", id: "fault-about" });
  const check = (control, words) => h("label", { class: "check" }, control, h("span", { text: words }));
  form.append(
    h("div", { class: "fields" },
      field("Provider", controls.provider), field("Fault", controls.kind), field("How often", controls.how), field("Requests", controls.count),
      field("Milliseconds", controls.ms), field("Status", controls.status)),
    controls.about,
    check(controls.refuse, "and the message is not taken"), check(controls.any, "on every request, not only on sends"),
    h("div", { class: "buttons" }, h("button", { type: "submit", class: "primary", text: "Switch on" })));
  form.addEventListener("submit", submit);
  form.addEventListener("change", adapt);
  adapt();
}

const schedule = (rule) => (rule.always ? "always" : rule.every ? `every ${rule.every}.` : `the next ${rule.next}`);

function make(rule) {
  const words = KINDS.find(([name]) => name === rule.fault)?.[1] ?? rule.fault;
  const off = () => remove(`faults?id=${rule.id}`).then(({ answer }) => take(answer), () => {});
  return h("li", { class: "rule" }, dot(rule.provider),
    h("div", {}, h("b", { text: `${title(rule.provider)}: ${words}` }), h("span", { class: "fine schedule" })),
    h("button", { type: "button", class: "small", on: { click: off }, "aria-label": `Switch off: ${title(rule.provider)}, ${words}`, text: "Switch off" }));
}

function update(element, rule) {
  const details = [schedule(rule), rule.on === "any" ? "on every request" : "on sends", rule.ms === undefined ? null : `${rule.ms} ms`, rule.status ? String(rule.status) : null, rule.after_accept ? "message taken" : "message not taken"];
  element.querySelector(".schedule").textContent = details.filter(Boolean).join(" · ");
}

function render() {
  reconcile($("faults"), state.faults, (rule) => rule.id, make, update);
  $("count-faults").textContent = state.faults.length > 0 ? String(state.faults.length) : "";
  $("faults-title").hidden = state.faults.length === 0;
  const empty = $("faults-empty");
  empty.hidden = state.faults.length > 0;
  emptyState(empty, "Nothing goes wrong at the moment. Switch something on above, or:",
    `curl ${location.origin}${base}/_mock/faults -d '[{"provider":"exotel","fault":"lose_reply","next":2}]'`);
}

export function start() {
  on(["accounts"], build);
  on(["faults"], render);
}
