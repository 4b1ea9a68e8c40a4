// What the page knows. Nothing here touches the page itself.

import { attemptsOf } from "./attempts.js";
import { get, look, offers } from "./api.js";
import { changed } from "./subjects.js";
import { now, setClock } from "./time.js";

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

/** The number of an event's id. */
const number = (id) => Number(id?.slice(id.lastIndexOf("-") + 1) ?? 0);

/** The events that each part of what was loaded includes already. */
let included = {};

/** Whether what was loaded has the effect of an event already. */
export const isIncluded = (part, id) => number(id) <= (included[part] ?? 0);

/** Loads everything anew. */
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

/** Looks which answers wait at a gate: no event tells it. */
export async function loadHeld() {
  state.held = (await look("gates")).answer;
  changed("faults");
}

/** Not every mock tells its limits. */
export async function loadLimits() {
  if (!(await offers("get", "limits"))) return;
  const { answer } = await look("limits");
  state.limits = Array.isArray(answer) ? answer : (answer.limits ?? []);
  changed("settings");
}

export async function loadConfig() {
  const [config, webhooks] = await Promise.all([look("config"), look("webhooks"), loadLimits()]);
  setAccounts(config.answer);
  state.webhooks = webhooks.answer;
  changed("accounts", "webhooks", "settings");
}

function setAccounts(config) {
  state.accounts = new Map(config.accounts.map((account) => [account.provider, account]));
  state.switches = config.switches;
  changed("settings");
}

let last = 0;
const numbered = (thing) => ({ ...thing, key: String((last += 1)) });

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
function addAttempts(exchange) {
  for (const attempt of attemptsOf(exchange, state.accounts)) {
    const row = conversation(attempt, attempt.from, attempt.to);
    // The journal and the conversations are two lists: this is where it belongs in time.
    const at = Date.parse(attempt.at);
    const later = row.messages.findLastIndex((message) => Date.parse(message.at) <= at) + 1;
    row.messages.splice(later, 0, attempt);
    touch(row, attempt.at);
  }
}

const keyOf = (provider, business, contact) => `${provider} ${business} ${contact}`;

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
