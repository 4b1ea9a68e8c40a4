// The list of conversations.

import { $, Growing, emptyState, h, reconcile, setText } from "./dom.js";
import { base } from "./api.js";
import { summary } from "./content.js";
import { changed, likelyProvider, on, people, select, state, title } from "./store.js";
import { minuteOfDay, windowNow } from "./time.js";

export const dot = (provider) => h("i", { class: "dot", data: { provider: provider ?? "" }, "aria-hidden": "true" });

/** Shows one part of the page on a narrow screen, which has room for one at a time. */
export function go(place) {
  document.body.dataset.place = place;
  // A part that was drawn while hidden has no scroll height yet.
  if (place === "chat") $("log").scrollTop = $("log").scrollHeight;
}

function make(row) {
  const choose = () => {
    select(row.key);
    go("chat");
  };
  return h("li", {}, h("button", { type: "button", class: "person", on: { click: choose } },
    h("span", { class: "person-top" }, dot(row.provider), h("b"), h("time")),
    h("span", { class: "person-last" }),
    h("span", { class: "person-bottom" }, h("span", { text: title(row.provider) }), h("span", { class: "left" })),
  ));
}

function update(element, row) {
  const button = element.firstElementChild;
  const last = row.messages.at(-1);
  button.setAttribute("aria-current", String(row.key === state.selected));
  setText(element.querySelector("b"), row.name ?? row.contact);
  setText(element.querySelector("time"), last ? minuteOfDay(last.at) : "");
  const words = last ? summary(row.provider, last.content) : "no message here";
  const who = { in: "", out: "You: ", attempt: "Refused: " }[last?.direction] ?? "";
  setText(element.querySelector(".person-last"), who + words);
  updateWindow(element, row);
}

function updateWindow(element, row) {
  const { state: condition, text } = windowNow(row.window);
  const left = element.querySelector(".left");
  setText(left, condition === "open" || condition === "short" ? `${text} left` : text);
  if (left.dataset.state !== condition) left.dataset.state = condition;
}

function renderFilter() {
  const providers = [null, ...state.accounts.keys()];
  const choose = (provider) => () => {
    state.filter = provider;
    shown.reset();
    changed("people", "accounts");
  };
  reconcile($("filter"), providers, (provider) => provider ?? "all",
    (provider) => h("button", { type: "button", class: "chip", on: { click: choose(provider) } }, provider && dot(provider), provider ? title(provider) : "All"),
    (element, provider) => element.setAttribute("aria-pressed", String(state.filter === provider)));
}

const shown = new Growing("people-more", "conversations", () => changed("people"));

function render() {
  const rows = people();
  reconcile($("people"), shown.part(rows), (row) => row.key, make, update);
  const empty = $("people-empty");
  empty.hidden = rows.length > 0;
  const command = `curl ${location.origin}${base}/_mock/inbound -d '${JSON.stringify({ provider: state.filter ?? "exotel", from: "+919876543210", text: "hi" })}'`;
  if (empty.dataset.command !== command) empty.replaceChildren();
  empty.dataset.command = command;
  emptyState(empty, "No messages yet. Start with New, or from a terminal:", command);
}

/** Moves up or down in the list. */
export function move(step) {
  const rows = shown.part(people());
  const index = rows.findIndex((row) => row.key === state.selected);
  const next = rows[Math.min(rows.length - 1, Math.max(0, index + step))];
  if (!next) return;
  select(next.key);
  document.querySelector(`#people [data-key="${CSS.escape(next.key)}"] button`)?.focus();
}

/** Updates the time left in every session window. */
export function tick() {
  const rows = state.conversations;
  for (const element of $("people").children) {
    const row = rows.get(element.dataset.key);
    if (row) updateWindow(element, row);
  }
}

export function start() {
  on(["people"], render);
  on(["accounts"], renderFilter);
}

// Forms start with the shown provider, until the user chooses another one.

/** Lets a select follow the shown provider. Calls `moved` after each change. */
export function follow(choice, moved = () => {}) {
  let own = false;
  const step = () => {
    const provider = likelyProvider();
    if (own || !provider || choice.value === provider) return;
    choice.value = provider;
    moved();
  };
  choice.addEventListener("change", () => {
    own = true;
  });
  on(["people", "accounts"], step);
  step();
}
