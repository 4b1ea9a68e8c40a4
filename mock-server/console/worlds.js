// The world that is shown: the one that every mock has, or a namespace, which is a test's own.

import { $, h } from "./dom.js";
import { call, world } from "./api.js";

const address = (name) => (name === "" ? "/" : `/_ns/${encodeURIComponent(name)}/`);

let offered = [];

/** Fills the choice with what there is; without any namespace there is nothing to choose. */
async function refresh() {
  const { answer } = await call("GET", "namespaces", undefined, "");
  const names = answer.includes(world) || world === "" ? answer : [world, ...answer];
  // A list that is being looked at would close if it were made anew.
  if (names.join() === offered.join()) return;
  offered = names;
  $("world").replaceChildren(...["", ...names].map((name) => h("option", { value: name, text: name || "Main world" })));
  $("world").value = world;
  $("world-choice").hidden = names.length === 0;
}

export function start() {
  if (world !== "") document.title = `${world} · ${document.title}`;
  $("world").addEventListener("change", () => location.assign(address($("world").value)));
  const again = () => refresh().catch(() => {});
  // Tests begin namespaces while the page is open: whoever comes back to it, or is about to choose, sees them.
  window.addEventListener("focus", again);
  $("world").addEventListener("focus", again);
  again();
}
