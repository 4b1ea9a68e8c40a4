// The search language for requests: all words must match, some in a named place.

import { stringify } from "./api.js";

/** The examples in the help. */
export const EXAMPLES = [
  ["exotel", "a provider's requests"],
  ["status:4xx", "by status, also status:404 or status:>=400"],
  ["finding:refused", "with such a finding; finding:any for all"],
  ["fault:any", "answered by a fault, or fault:gate"],
  ["\"no session\"", "with these words anywhere"],
  ["-method:GET", "and not this"],
];

/** The places that a word can name. */
const PLACES = {
  provider: (exchange, wanted) => exchange.provider === wanted,
  method: (exchange, wanted) => exchange.method.toLowerCase() === wanted,
  path: (exchange, wanted) => exchange.path.toLowerCase().includes(wanted),
  status: (exchange, wanted) => hasStatus(exchange.status, wanted),
  finding: (exchange, wanted) => (exchange.findings ?? []).some(({ level, text }) => wanted === "any" || level === wanted || text.toLowerCase().includes(wanted)),
  fault: (exchange, wanted) => (wanted === "any" ? Boolean(exchange.fault) : exchange.fault === wanted),
  body: (exchange, wanted) => words(exchange.body).includes(wanted),
  answer: (exchange, wanted) => words(exchange.response).includes(wanted),
};

/** `404`, `4xx`, `>=400`, `<300`. */
function hasStatus(status, wanted) {
  const compared = wanted.match(/^([<>]=?)(\d+)$/);
  if (compared) {
    const [than, sign] = [Number(compared[2]), compared[1]];
    return sign.startsWith("<") ? status < than || (sign === "<=" && status === than) : status > than || (sign === ">=" && status === than);
  }
  return new RegExp(`^${wanted.replace(/[^0-9x]/g, "").replaceAll("x", "\\d")}$`).test(String(status));
}

const words = (value) => (value === null || value === undefined ? "" : typeof value === "string" ? value : stringify(value)).toLowerCase();

const texts = new WeakMap();

/** The whole text of a request and its answer, in lower case. */
function text(exchange) {
  let all = texts.get(exchange);
  if (all === undefined) {
    const headers = Object.entries(exchange.headers ?? {}).map(([name, value]) => `${name}: ${value}`);
    const findings = (exchange.findings ?? []).map((finding) => finding.text);
    all = [exchange.method, exchange.path, exchange.status, ...headers, words(exchange.body), words(exchange.response), exchange.cause, ...findings].join("\n").toLowerCase();
    texts.set(exchange, all);
  }
  return all;
}

/** The words of a query; text in quotes is one word. */
export const terms = (query) => query.match(/-?(?:[a-z]+:)?"[^"]*"?|\S+/gi) ?? [];

function test(term, providers) {
  const [, not, place, rest] = term.toLowerCase().match(/^(-?)(?:([a-z]+):)?(.*)$/s);
  const wanted = rest.replace(/^"|"$/g, "");
  let holds;
  if (place && Object.hasOwn(PLACES, place)) holds = (exchange) => PLACES[place](exchange, wanted);
  else if (!place && providers.includes(wanted)) holds = (exchange) => exchange.provider === wanted;
  else {
    const whole = (place ? `${place}:` : "") + wanted;
    holds = (exchange) => text(exchange).includes(whole);
  }
  return not ? (exchange) => !holds(exchange) : holds;
}

/** Compiles a query to a test of an exchange; null if every exchange matches. */
export function compile(query, providers) {
  const tests = terms(query).filter((term) => !/^-?(?:[a-z]+:)?"?"?$/i.test(term)).map((term) => test(term, providers));
  return tests.length === 0 ? null : (exchange) => tests.every((holds) => holds(exchange));
}
