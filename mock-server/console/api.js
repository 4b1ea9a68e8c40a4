// Calls of the control plane.

import { toast } from "./dom.js";

/** Numbers that JavaScript would round are kept as they were written, where the browser can. */
const exactly = (_, value, context) =>
  typeof value === "number" && context?.source !== undefined && String(value) !== context.source && JSON.rawJSON
    ? JSON.rawJSON(context.source)
    : value;

/** The namespace that the page shows; empty for the default world. */
export const world = decodeURIComponent(location.pathname.match(/^\/_ns\/([^/]+)/)?.[1] ?? "");

/** The prefix of every path of that world. */
export const base = world === "" ? "" : `/_ns/${world}`;

export const parse = (text) => JSON.parse(text, exactly);

/** Prints a parsed value as text again, on several lines with a `space`. */
export const stringify = (value, space) => JSON.stringify(value, null, space);

/**
 * Makes one call to the shown world, or to the one at `from`. Returns the answer and the last event that it includes.
 * Throws a refusal, and shows it unless the call is `quiet` (the page asked, not the user).
 */
export async function call(method, name, body, from = base, quiet = false) {
  const options = { method, headers: {} };
  if (body !== undefined) {
    options.headers["content-type"] = "application/json";
    options.body = JSON.stringify(body);
  }
  let response, text;
  try {
    response = await fetch(`${from}/_mock/${name}`, options);
    text = await response.text();
  } catch {
    if (!quiet) toast("The mock does not answer. Is it still running?");
    throw new Error("no answer");
  }
  const answer = parse(text);
  if (!response.ok) {
    if (!quiet) toast(answer.error ?? `The mock answered ${response.status}.`);
    throw new Error(answer.error);
  }
  return { answer, event: response.headers.get("x-transom-event") };
}

let description = null;

/** The mock server's OpenAPI document. */
async function described() {
  description ??= look("openapi.json");
  try {
    return (await description).answer;
  } catch (error) {
    // The mock server may be back at the next call.
    description = null;
    throw error;
  }
}

/** Whether the mock server has a call. */
export async function offers(method, name) {
  return (await described()).paths[`/_mock/${name}`]?.[method] !== undefined;
}

/** The kinds of fault that the mock server has; null if it does not list them. */
export async function faultKinds() {
  return (await described()).components?.schemas?.FaultKind?.enum ?? null;
}

/** Reads something for the page itself; failures are not shown. */
export const look = (name) => call("GET", name, undefined, base, true);

export const get = (name) => call("GET", name);
export const post = (name, body) => call("POST", name, body);
export const remove = (name) => call("DELETE", name);
