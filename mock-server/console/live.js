// Listens to server-sent events.

import { base, parse } from "./api.js";
import { $ } from "./dom.js";
import { EVENTS, apply } from "./events.js";
import { load } from "./loading.js";

const WORDS = { live: "Live", connecting: "Connecting", lost: "Reconnecting…" };

/** Events that arrive during a load, applied after it; null if no load is running. */
let waiting = null;

function show(condition) {
  const live = $("live");
  if (live.dataset.state === condition) return;
  live.dataset.state = condition;
  live.lastElementChild.textContent = WORDS[condition];
}

async function reload() {
  if (waiting) {
    waiting.again = true;
    return;
  }
  do {
    waiting = [];
    try {
      await load();
    } catch {
      // The call has shown the problem. The next connection loads again.
    }
  } while (waiting.again);
  const events = waiting;
  waiting = null;
  for (const event of events) apply(...event);
}

/** Listens until the page closes. The browser reconnects by itself. */
export function listen() {
  const source = new EventSource(`${base}/_mock/events`);
  source.addEventListener("open", () => show("live"));
  source.addEventListener("error", () => {
    show("lost");
    // After an answer that is not a stream (503, for example) the browser gives up, so the page reconnects.
    if (source.readyState === EventSource.CLOSED) setTimeout(listen, 3000);
  });
  source.addEventListener("hello", reload);
  source.addEventListener("reset", reload);
  for (const name of EVENTS) {
    source.addEventListener(name, (event) => {
      const told = [name, parse(event.data), event.lastEventId];
      if (waiting) waiting.push(told);
      else apply(...told);
    });
  }
}
