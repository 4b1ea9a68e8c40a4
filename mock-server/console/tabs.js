// Tabs: requests, faults, webhooks and settings share one panel; on a narrow screen all parts do.

import { $ } from "./dom.js";
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
