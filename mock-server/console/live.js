// Loads the state, then applies the server-sent events to it.

import { $ } from "./dom.js";
import { base, get, look, offers, parse } from "./api.js";
import { MOST, addAttempts, addDelivery, addMessage, addRequest, changed, conversation, forgetRequests, keyOf, numbered, people, state } from "./store.js";
import { setClock } from "./time.js";

const WORDS = { live: "Live", connecting: "Connecting", lost: "Reconnecting…" };

/** Events that arrive during a load, applied after it; null if no load is running. */
let waiting = null;

function show(condition) {
  const live = $("live");
  if (live.dataset.state === condition) return;
  live.dataset.state = condition;
  live.lastElementChild.textContent = WORDS[condition];
}

async function reload() {
  if (waiting) {
    waiting.again = true;
    return;
  }
  do {
    waiting = [];
    try {
      await load();
    } catch {
      // The call has shown the problem. The next connection loads again.
    }
  } while (waiting.again);
  const events = waiting;
  waiting = null;
  for (const event of events) apply(...event);
}

/** Listens until the page closes. The browser reconnects by itself. */
export function listen() {
  const source = new EventSource(`${base}/_mock/events`);
  source.addEventListener("open", () => show("live"));
  source.addEventListener("error", () => {
    show("lost");
    // After an answer that is not a stream (503, for example) the browser gives up, so the page reconnects.
    if (source.readyState === EventSource.CLOSED) setTimeout(listen, 3000);
  });
  source.addEventListener("hello", reload);
  source.addEventListener("reset", reload);
  for (const name of EVENTS) {
    source.addEventListener(name, (event) => {
      const told = [name, parse(event.data), event.lastEventId];
      if (waiting) waiting.push(told);
      else apply(...told);
    });
  }
}

// Applies server-sent events to the page's state.

/** The change that each event makes, by its name. */
const changes = {
  clock(clock) {
    setClock(clock);
    changed("clock", "people", "chat");
  },
  inbound(message) {
    // A contact who writes under a user name may have no number.
    addMessage(conversation(message, message.to, message.from ?? message.user_id), { ...message, direction: "in", statuses: [] });
    changed("people", "chat");
  },
  message(message) {
    addMessage(conversation(message, message.from, message.to), { ...message, direction: "out", statuses: [] });
    changed("people", "chat");
  },
  status(status) {
    const row = conversation(status, status.from, status.to);
    let message = row.messages.findLast((known) => known.message_id === status.message_id);
    // A failed message has statuses only. A message that is no longer listed needs none.
    if (!message && row.cut && status.status !== "failed") return;
    if (!message) {
      message = { ...status, content: null, direction: "out", statuses: [] };
      addMessage(row, message);
    }
    message.statuses.push(status);
    changed("people", "chat");
  },
  request(exchange) {
    addRequest(exchange);
    changed("requests", "people", "chat");
    if (exchange.fault === "gate") loadHeld();
  },
  faults(faults) {
    state.faults = faults;
    changed("faults");
  },
  webhook(tried) {
    addDelivery(tried);
    changed("webhooks");
  },
  config({ call }) {
    if (call === "gates") loadHeld();
    else if (call === "requests") forgetRequests();
    else loadConfig();
  },
};

const PARTS = { inbound: "chat", message: "chat", status: "chat", request: "requests", webhook: "deliveries" };

export const EVENTS = Object.keys(changes);

/** Applies one event, unless the loaded state includes it. */
export function apply(name, data, id) {
  if (!isIncluded(PARTS[name] ?? name, id)) changes[name](data);
}

// Loads the mock server's state: everything at first, later the parts without events.

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
