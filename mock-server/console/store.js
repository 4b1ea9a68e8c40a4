// What the page knows, and how events change it. Nothing here touches the page itself.

import { get } from "./api.js";
import { now, setClock } from "./time.js";

const MOST_REQUESTS = 300;
const MOST_DELIVERIES = 200;

export const state = {
  /** Accounts with senders and templates, by provider. */
  accounts: new Map(),
  /** Conversations by key. */
  conversations: new Map(),
  selected: null,
  filter: null,
  /** Exchanges, newest first. */
  requests: [],
  faults: [],
  webhooks: [],
  /** Tries, newest first. */
  deliveries: [],
};

const NAMES = { autocalls: "Autocalls", exotel: "Exotel", gosendapi: "GoSendAPI", messangi: "Messangi" };

/** A provider's name as it writes it itself. */
export const title = (provider) => NAMES[provider] ?? provider ?? "no provider";

/** The number of an event's id. */
const number = (id) => Number(id?.slice(id.lastIndexOf("-") + 1) ?? 0);

const listeners = new Map();
const due = new Set();

/** Calls `render` after any of these subjects has changed, once for many changes. */
export function on(subjects, render) {
  for (const subject of subjects) listeners.set(subject, [...(listeners.get(subject) ?? []), render]);
}

/** Says that subjects have changed. */
export function changed(...subjects) {
  if (due.size === 0) {
    queueMicrotask(() => {
      const renders = new Set([...due].flatMap((subject) => listeners.get(subject) ?? []));
      due.clear();
      for (const render of renders) render();
    });
  }
  for (const subject of subjects) due.add(subject);
}

const keyOf = (provider, business, contact) => `${provider} ${business} ${contact}`;

/** The events that each part of what was loaded includes already. */
let included = {};

/** Loads everything anew. */
export async function load() {
  const parts = await Promise.all([
    get("clock"),
    get("config"),
    get("conversations"),
    get(`requests?last=${MOST_REQUESTS}`),
    get("faults"),
    get("webhooks"),
    get(`webhooks/deliveries?last=${MOST_DELIVERIES}`),
  ]);
  const [clock, config, conversations, requests, faults, webhooks, deliveries] = parts.map((part) => part.answer);
  const upTo = parts.map((part) => number(part.event));
  included = { clock: upTo[0], chat: upTo[2], requests: upTo[3], faults: upTo[4], deliveries: upTo[6] };
  setClock(clock);
  setAccounts(config);
  state.conversations = new Map(conversations.map((row) => [keyOf(row.provider, row.business, row.contact), row]));
  for (const [key, row] of state.conversations) row.key = key;
  if (!state.conversations.has(state.selected)) state.selected = state.conversations.size > 0 ? [...state.conversations.keys()][0] : null;
  state.requests = requests.reverse().map(numbered);
  state.faults = faults;
  state.webhooks = webhooks;
  state.deliveries = deliveries.reverse().map(numbered);
  changed("clock", "accounts", "people", "chat", "requests", "faults", "webhooks");
}

let last = 0;
const numbered = (thing) => ({ ...thing, key: (last += 1) });

function setAccounts(config) {
  state.accounts = new Map(config.accounts.map((account) => [account.provider, account]));
}

/** The conversation of a message, made if it is the first; `business` and `contact` are its two sides. */
function conversation(message, business, contact) {
  const key = keyOf(message.provider, business, contact);
  let row = state.conversations.get(key);
  if (!row) {
    row = { key, provider: message.provider, business, contact, name: null, window: { state: "never" }, messages: [] };
    state.conversations.set(key, row);
    state.selected ??= key;
  }
  return row;
}

function add(row, message) {
  row.messages.push(message);
  row.last_activity_at = message.at;
  if (message.window) row.window = message.window;
  if (message.name) row.name = message.name;
  changed("people", "chat");
}

/** What each event changes, by its name. */
const changes = {
  clock(clock) {
    setClock(clock);
    changed("clock", "people", "chat");
  },
  inbound(message) {
    add(conversation(message, message.to, message.from), { ...message, direction: "in", statuses: [] });
  },
  message(message) {
    add(conversation(message, message.from, message.to), { ...message, direction: "out", statuses: [] });
  },
  status(status) {
    const row = conversation(status, status.from, status.to);
    let message = row.messages.findLast((known) => known.message_id === status.message_id);
    if (!message) {
      message = { ...status, content: null, direction: "out", statuses: [] };
      add(row, message);
    }
    message.statuses.push(status);
    changed("people", "chat");
  },
  request(exchange) {
    state.requests = [numbered(exchange), ...state.requests].slice(0, MOST_REQUESTS);
    changed("requests");
  },
  faults(faults) {
    state.faults = faults;
    changed("faults");
  },
  webhook(tried) {
    state.deliveries = [numbered(tried), ...state.deliveries].slice(0, MOST_DELIVERIES);
    changed("webhooks");
  },
  config() {
    return Promise.all([get("config"), get("webhooks")]).then(([config, webhooks]) => {
      setAccounts(config.answer);
      state.webhooks = webhooks.answer;
      changed("accounts", "webhooks");
    });
  },
};

const PARTS = { inbound: "chat", message: "chat", status: "chat", request: "requests", webhook: "deliveries" };

export const EVENTS = Object.keys(changes);

/** Applies one event, unless what was loaded has it already. */
export function apply(name, data, id) {
  if (number(id) <= (included[PARTS[name] ?? name] ?? 0)) return;
  changes[name](data);
}

/** Every conversation, the liveliest first. */
export function people() {
  const rows = [...state.conversations.values()].filter((row) => !state.filter || row.provider === state.filter);
  return rows.sort((a, b) => Date.parse(b.last_activity_at ?? 0) - Date.parse(a.last_activity_at ?? 0));
}

export const selected = () => state.conversations.get(state.selected) ?? null;

/** Chooses a conversation. */
export function select(key) {
  state.selected = key;
  changed("people", "chat");
}

/** Makes room for a customer who is about to write for the first time. */
export function expect(provider, business, contact) {
  const row = conversation({ provider }, business, contact);
  row.last_activity_at ??= new Date(now()).toISOString();
  select(row.key);
}
