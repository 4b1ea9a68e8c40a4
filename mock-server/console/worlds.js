// The choice of the shown world: the default one or a namespace.

import { $, h } from "./dom.js";
import { call, world } from "./api.js";

const address = (name) => (name === "" ? "/" : `/_ns/${encodeURIComponent(name)}/`);

/** The interval between two looks for new namespaces. */
const EVERY = 3000;

let offered = [];

/** Fills the select with all namespaces, and hides it if there are none. */
async function refresh() {
  const { answer } = await call("GET", "namespaces", undefined, "", true);
  const names = answer.includes(world) || world === "" ? answer : [world, ...answer];
  // Rebuilding an open select would close it.
  if (names.join() === offered.join() || document.activeElement === $("world")) return;
  offered = names;
  $("world").replaceChildren(...["", ...names].map((name) => h("option", { value: name, text: name || "Main world" })));
  $("world").value = world;
  $("world-choice").hidden = names.length === 0;
}

export function start() {
  if (world !== "") document.title = `${world} · ${document.title}`;
  $("world").addEventListener("change", () => location.assign(address($("world").value)));
  const again = () => refresh().catch(() => {});
  // Namespaces that tests start have no event in this world.
  setInterval(() => document.hidden || again(), EVERY);
  window.addEventListener("focus", again);
  again();
}
