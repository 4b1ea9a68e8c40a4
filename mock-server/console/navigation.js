// Navigation: the four tabs, and the choice of the shown world.

import { $, h } from "./dom.js";
import { call, world } from "./api.js";
import { go } from "./list.js";

const TABS = ["requests", "faults", "webhooks", "settings"];

/** Opens one of the four tabs. */
export function openTab(name, focus = true) {
  for (const tab of TABS) {
    const chosen = tab === name;
    const button = $(`tab-${tab}`);
    button.setAttribute("aria-selected", String(chosen));
    button.tabIndex = chosen ? 0 : -1;
    $(`panel-${tab}`).hidden = !chosen;
  }
  if (focus) {
    go(name);
    $(`tab-${name}`).focus();
  }
}

function step(event) {
  const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (by === undefined) return;
  const index = TABS.findIndex((tab) => $(`tab-${tab}`) === event.target);
  openTab(TABS[(index + by + TABS.length) % TABS.length]);
  event.preventDefault();
}

export function start() {
  startWorlds();
  for (const tab of TABS) {
    $(`tab-${tab}`).addEventListener("click", () => openTab(tab));
    $(`tab-${tab}`).addEventListener("keydown", step);
  }
  openTab("requests", false);
  for (const button of document.querySelectorAll("[data-go]")) {
    button.addEventListener("click", () => {
      const place = button.dataset.go;
      if (TABS.includes(place)) openTab(place, false);
      go(place);
    });
  }
}

// The choice of the shown world: the default one or a namespace.

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

function startWorlds() {
  if (world !== "") document.title = `${world} · ${document.title}`;
  $("world").addEventListener("change", () => location.assign(address($("world").value)));
  const again = () => refresh().catch(() => {});
  // Namespaces that tests start have no event in this world.
  setInterval(() => document.hidden || again(), EVERY);
  window.addEventListener("focus", again);
  again();
}
