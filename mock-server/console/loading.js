// Loads the mock server's state: everything at first, later the parts without events.

import { get, look, offers } from "./api.js";
import { MOST, addAttempts, keyOf, numbered, people, state } from "./store.js";
import { changed } from "./subjects.js";
import { setClock } from "./time.js";

/** The number of an event's id. */
const number = (id) => Number(id?.slice(id.lastIndexOf("-") + 1) ?? 0);

/** The last event that each loaded part includes. */
let included = {};

/** Whether the loaded state includes an event. */
export const isIncluded = (part, id) => number(id) <= (included[part] ?? 0);

/** Loads everything. */
export async function load() {
  const parts = await Promise.all([
    get("clock"),
    get("config"),
    get("conversations"),
    get(`requests?last=${MOST.requests}`),
    get("faults"),
    get("webhooks"),
    get(`webhooks/deliveries?last=${MOST.deliveries}`),
  ]);
  const [clock, config, conversations, requests, faults, webhooks, deliveries] = parts.map((part) => part.answer);
  const upTo = parts.map((part) => number(part.event));
  included = { clock: upTo[0], chat: upTo[2], requests: upTo[3], faults: upTo[4], deliveries: upTo[6] };
  setClock(clock);
  setAccounts(config);
  state.conversations = new Map(conversations.map((row) => [keyOf(row.provider, row.business, row.contact), row]));
  for (const [key, row] of state.conversations) Object.assign(row, { key, active: Date.parse(row.last_activity_at ?? row.messages[0]?.at ?? "1970-01-01"), cut: row.messages.length >= MOST.messages });
  state.requests = requests.reverse().map(numbered);
  for (const exchange of state.requests.toReversed()) addAttempts(exchange);
  if (!state.conversations.has(state.selected)) state.selected = people().find((row) => row.messages.length > 0)?.key ?? null;
  state.faults = faults;
  state.webhooks = webhooks;
  state.deliveries = deliveries.reverse().map(numbered);
  changed("clock", "accounts", "people", "chat", "requests", "faults", "webhooks");
  await Promise.all([loadHeld(), loadLimits()]);
}

/**
 * Runs at most one load at a time, so that an older answer never follows a newer one. A call during a load starts another.
 * After a failure the next event loads again. Resolves when the page is at least as new as the call.
 */
function gently(load) {
  let running = null;
  let again = false;
  const run = async () => {
    while (again) {
      again = false;
      await load().catch(() => {});
    }
    running = null;
  };
  return () => {
    again = true;
    running ??= run();
    return running;
  };
}

/** Loads the held answers, which have no event. */
export const loadHeld = gently(async () => {
  state.held = (await look("gates")).answer;
  changed("faults");
});

/** Loads the limits. Older mock servers do not report them. */
export const loadLimits = gently(async () => {
  if (!(await offers("get", "limits"))) return;
  const { answer } = await look("limits");
  state.limits = Array.isArray(answer) ? answer : (answer.limits ?? []);
  changed("settings");
});

export const loadConfig = gently(async () => {
  const [config, webhooks] = await Promise.all([look("config"), look("webhooks"), loadLimits()]);
  setAccounts(config.answer);
  state.webhooks = webhooks.answer;
  changed("accounts", "webhooks", "settings");
});

function setAccounts(config) {
  state.accounts = new Map(config.accounts.map((account) => [account.provider, account]));
  state.switches = config.switches;
  changed("settings");
}
