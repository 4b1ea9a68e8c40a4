// The world that is shown: the one that every mock has, or a namespace, which is a test's own.

import { $, h } from "./dom.js";
import { call, world } from "./api.js";

const address = (name) => (name === "" ? "/" : `/_ns/${encodeURIComponent(name)}/`);

/** How often the page looks for new ones. */
const EVERY = 3000;

let offered = [];

/** Fills the choice with what there is; without any namespace there is nothing to choose. */
async function refresh() {
  const { answer } = await call("GET", "namespaces", undefined, "", true);
  const names = answer.includes(world) || world === "" ? answer : [world, ...answer];
  // A list that is being looked at would close if it were made anew.
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
  // Tests begin namespaces while the page is open, and no event of this world tells it.
  setInterval(() => document.hidden || again(), EVERY);
  window.addEventListener("focus", again);
  again();
}
