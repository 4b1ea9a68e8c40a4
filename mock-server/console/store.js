// What the page knows. Nothing here touches the page itself.

import { attemptsOf } from "./attempts.js";
import { changed } from "./subjects.js";
import { now } from "./time.js";

/** The oldest of what is more goes: the page stays as light after a week as in its first minute. */
export const MOST = { conversations: 500, messages: 200, requests: 1000, deliveries: 200 };

export const state = {
  /** Accounts with senders and templates, by provider. */
  accounts: new Map(),
  /** Every switch with its source. */
  switches: [],
  /** Rate limits, as far as the mock tells them. */
  limits: [],
  /** Conversations by key. */
  conversations: new Map(),
  selected: null,
  filter: null,
  /** Exchanges, newest first. */
  requests: [],
  faults: [],
  /** Answers that wait at a gate, oldest first. */
  held: [],
  webhooks: [],
  /** Tries, newest first. */
  deliveries: [],
};

const NAMES = { autocalls: "Autocalls", exotel: "Exotel", gosendapi: "GoSendAPI", messangi: "Messangi" };

/** A provider's name as it writes it itself. */
export const title = (provider) => NAMES[provider] ?? provider ?? "no provider";

/** The provider that a form most likely is about: that of what is looked at. */
export const likelyProvider = () => selected()?.provider ?? state.filter ?? [...state.accounts.keys()][0] ?? null;

let last = 0;

/** A thing of a list with a number of its own. */
export const numbered = (thing) => ({ ...thing, key: String((last += 1)) });

/** Puts something in front of a list that is kept short. */
function keep(list, thing, most) {
  list.unshift(numbered(thing));
  if (list.length > most) list.length = most;
  return list[0];
}

export function addRequest(exchange) {
  addAttempts(keep(state.requests, exchange, MOST.requests));
}

export const addDelivery = (tried) => keep(state.deliveries, tried, MOST.deliveries);

/** What a business wanted to say and was not let: it stands in the conversation all the same. */
export function addAttempts(exchange) {
  for (const attempt of attemptsOf(exchange, state.accounts)) {
    const row = conversation(attempt, attempt.from, attempt.to);
    // The journal and the conversations are two lists: this is where it belongs in time.
    const at = Date.parse(attempt.at);
    const later = row.messages.findLastIndex((message) => Date.parse(message.at) <= at) + 1;
    row.messages.splice(later, 0, attempt);
    touch(row, attempt.at);
  }
}

/** The mock has forgotten what was asked. */
export function forgetRequests() {
  state.requests = [];
  changed("requests");
}

export const keyOf = (provider, business, contact) => `${provider} ${business} ${contact}`;

/** The conversation of a message, made if it is the first; `business` and `contact` are its two sides. */
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

/** Makes room for another conversation. */
function forgetQuietest(newest) {
  let quietest = null;
  for (const row of state.conversations.values()) {
    if (row !== newest && row.key !== state.selected && row.active < (quietest?.active ?? Infinity)) quietest = row;
  }
  if (quietest) state.conversations.delete(quietest.key);
}

/** Something was said in a conversation. */
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

/** Every conversation, the liveliest first. */
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

/** Makes room for a customer who is about to write for the first time. */
export function expect(provider, business, contact) {
  const row = conversation({ provider }, business, contact);
  row.active ||= now();
  select(row.key);
}
