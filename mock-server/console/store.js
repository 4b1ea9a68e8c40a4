// The state of the page, without access to its elements.

import { attemptsOf } from "./attempts.js";
import { now } from "./time.js";

/** The page drops the oldest items above these limits, so its memory stays bounded. */
export const MOST = { conversations: 500, messages: 200, requests: 1000, deliveries: 200 };

export const state = {
  /** Accounts with senders and templates, by provider. */
  accounts: new Map(),
  /** Every switch with its source. */
  switches: [],
  /** Rate limits, if the mock server reports them. */
  limits: [],
  /** Conversations by key. */
  conversations: new Map(),
  selected: null,
  filter: null,
  /** Exchanges, newest first. */
  requests: [],
  faults: [],
  /** Held answers, oldest first. */
  held: [],
  webhooks: [],
  /** Webhook delivery attempts, newest first. */
  deliveries: [],
};

const NAMES = { autocalls: "Autocalls", exotel: "Exotel", gosendapi: "GoSendAPI", messangi: "Messangi" };

/** The name of a provider in its own spelling. */
export const title = (provider) => NAMES[provider] ?? provider ?? "no provider";

/** The most likely provider for a form: the shown one. */
export const likelyProvider = () => selected()?.provider ?? state.filter ?? [...state.accounts.keys()][0] ?? null;

let last = 0;

/** Adds a unique key to an item of a list. */
export const numbered = (thing) => ({ ...thing, key: String((last += 1)) });

/** Prepends an item to a bounded list. */
function keep(list, thing, most) {
  list.unshift(numbered(thing));
  if (list.length > most) list.length = most;
  return list[0];
}

export function addRequest(exchange) {
  addAttempts(keep(state.requests, exchange, MOST.requests));
}

export const addDelivery = (tried) => keep(state.deliveries, tried, MOST.deliveries);

/** Adds a rejected message to its conversation. */
export function addAttempts(exchange) {
  for (const attempt of attemptsOf(exchange, state.accounts)) {
    const row = conversation(attempt, attempt.from, attempt.to);
    // Inserts by time, because journal and conversations are separate lists.
    const at = Date.parse(attempt.at);
    const later = row.messages.findLastIndex((message) => Date.parse(message.at) <= at) + 1;
    row.messages.splice(later, 0, attempt);
    touch(row, attempt.at);
  }
}

/** Clears the requests after the mock server deleted its journal. */
export function forgetRequests() {
  state.requests = [];
  changed("requests");
}

export const keyOf = (provider, business, contact) => `${provider} ${business} ${contact}`;

/** Returns the conversation of a message, or makes it. `business` and `contact` are its two sides. */
export function conversation(message, business, contact) {
  const key = keyOf(message.provider, business, contact);
  let row = state.conversations.get(key);
  if (!row) {
    row = { key, provider: message.provider, business, contact, name: null, window: { state: "never" }, messages: [], active: 0, cut: false };
    state.conversations.set(key, row);
    if (state.conversations.size > MOST.conversations) forgetQuietest(row);
    state.selected ??= key;
  }
  return row;
}

/** Drops the conversation with the oldest activity. */
function forgetQuietest(newest) {
  let quietest = null;
  for (const row of state.conversations.values()) {
    if (row !== newest && row.key !== state.selected && row.active < (quietest?.active ?? Infinity)) quietest = row;
  }
  if (quietest) state.conversations.delete(quietest.key);
}

/** Records activity in a conversation and drops its oldest messages. */
function touch(row, at) {
  row.active = Math.max(row.active, Date.parse(at));
  if (row.messages.length > MOST.messages) {
    row.messages.splice(0, row.messages.length - MOST.messages);
    row.cut = true;
  }
}

export function addMessage(row, message) {
  row.messages.push(message);
  touch(row, message.at);
  if (message.window) row.window = message.window;
  if (message.name) row.name = message.name;
}

/** All conversations, latest activity first. */
export function people() {
  const rows = [...state.conversations.values()].filter((row) => !state.filter || row.provider === state.filter);
  return rows.sort((a, b) => b.active - a.active);
}

export const selected = () => state.conversations.get(state.selected) ?? null;

/** Chooses a conversation. */
export function select(key) {
  state.selected = key;
  changed("people", "chat");
}

/** Adds an empty conversation for a contact's first message. */
export function expect(provider, business, contact) {
  const row = conversation({ provider }, business, contact);
  row.active ||= now();
  select(row.key);
}

// Notifies listeners of changes, each at most once per frame.

const listeners = new Map();
const due = new Set();

/** Calls `render` after a change of any of these subjects, once for many changes. */
export function on(subjects, render) {
  for (const subject of subjects) listeners.set(subject, [...(listeners.get(subject) ?? []), render]);
}

/** Reports changed subjects. */
export function changed(...subjects) {
  // Rendering more often than once per frame would be wasted.
  if (due.size === 0) requestAnimationFrame(draw);
  for (const subject of subjects) due.add(subject);
}

function draw() {
  const renders = new Set([...due].flatMap((subject) => listeners.get(subject) ?? []));
  due.clear();
  for (const render of renders) {
    // Reports a failing part and still runs the others.
    try {
      render();
    } catch (error) {
      reportError(error);
    }
  }
}

/** Resolves when all changes are on the page. */
export const drawn = () => new Promise((resolve) => requestAnimationFrame(resolve));
