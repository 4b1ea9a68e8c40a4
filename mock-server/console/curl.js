// A request of the journal as a command to repeat it.

import { base, stringify } from "./api.js";

/** One word of a shell, whatever is in it. */
export const quoted = (text) => `'${String(text).replaceAll("'", "'\\''")}'`;

/** What curl sets itself, or what would contradict the body it sends. */
const LEFT_OUT = ["host", "content-length", "connection", "accept-encoding", "transfer-encoding"];

/** The command. Credentials stand as `***`, as everywhere in the journal. */
export function curl(exchange) {
  const words = ["curl --globoff"];
  if (exchange.method !== "GET") words.push(`-X ${quoted(exchange.method)}`);
  words.push(quoted(location.origin + base + exchange.path));
  for (const [name, value] of Object.entries(exchange.headers)) {
    if (!LEFT_OUT.includes(name)) words.push(`-H ${quoted(value === "" ? `${name};` : `${name}: ${value}`)}`);
  }
  if (exchange.body !== null) {
    words.push(`--data-raw ${quoted(typeof exchange.body === "string" ? exchange.body : stringify(exchange.body))}`);
  }
  return words.join(" \\\n  ");
}
