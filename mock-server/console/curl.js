// A curl command that repeats a request of the journal.

import { base, stringify } from "./api.js";

/** Quotes any text as one word of a shell. */
export const quoted = (text) => `'${String(text).replaceAll("'", "'\\''")}'`;

/** Headers that curl sets itself, or that would contradict its body. */
const LEFT_OUT = ["host", "content-length", "connection", "accept-encoding", "transfer-encoding", "expect"];

const MASKED = "***";

/** Replaces a credential that the journal does not keep: by a demo credential, or by `invalid` if it was rejected. */
function stand(exchange) {
  // A wrong login gets a 403, a wrong API key a 401.
  const refused = exchange.status === 401 || (exchange.status === 403 && /\/login(\?|$)/.test(exchange.path));
  if (refused) return { key: "invalid", user: "invalid:invalid", password: "invalid" };
  return { key: exchange.provider === "gosendapi" ? "gsk_test_demo" : "demo-key", user: "demo-key:demo-token", password: "demo-password" };
}

function header(name, value, credentials) {
  const masked = value === MASKED || value.endsWith(` ${MASKED}`);
  if (masked && /^basic /i.test(value)) return `-u ${quoted(credentials.user)}`;
  const whole = masked ? value.replace(MASKED, credentials.key) : value;
  return `-H ${quoted(whole === "" ? `${name};` : `${name}: ${whole}`)}`;
}

/** Inserts credentials into the members or fields of a body that hold one. */
function filled(text, credentials) {
  const put = (name) => (/pass/i.test(name) ? credentials.password : credentials.key);
  return text
    .replace(/"([^"\\]+)"(\s*:\s*)"\*\*\*"/g, (_, name, colon) => `"${name}"${colon}"${put(name)}"`)
    .replace(/(^|&)([^=&\s]+)=\*\*\*(?=&|$)/g, (_, before, name) => `${before}${name}=${put(name)}`);
}

/** The parts of a body that the journal does not keep. */
function losses({ headers, body }) {
  if (typeof body !== "string") return [];
  const lost = [];
  if (/… \(\d+ bytes\)$/.test(body)) lost.push("the body was longer: the journal keeps its beginning");
  if (body.includes("\uFFFD")) lost.push("the body was no text throughout: bytes are missing where \uFFFD stands");
  if (/json/i.test(headers["content-type"] ?? "")) lost.push("the body may have been this text in quotes: the journal shows both alike");
  return lost;
}

/** The command. Comments in it name the parts that it cannot repeat. */
export function curl(exchange) {
  const { method, path, headers, body } = exchange;
  const credentials = stand(exchange);
  const words = ["curl --globoff"];
  if (method === "HEAD") words.push("--head");
  else if (method !== "GET" || body !== null) words.push(`-X ${quoted(method)}`);
  words.push(quoted(location.origin + base + filledPath(path, credentials)));
  for (const [name, value] of Object.entries(headers)) if (!LEFT_OUT.includes(name)) words.push(header(name, value, credentials));
  if (body !== null) words.push(`--data-raw ${quoted(filled(typeof body === "string" ? body : stringify(body), credentials))}`);
  return [...losses(exchange).map((lost) => `# ${lost}\n`), words.join(" \\\n  ")].join("");
}

function filledPath(path, credentials) {
  const [start, ...query] = path.split("?");
  return [start, ...query.map((part) => filled(part, credentials))].join("?");
}
