// The console of the mock: everything starts here.

import * as chat from "./chat.js";
import * as clock from "./clock.js";
import * as dialogs from "./dialogs.js";
import * as exchange from "./exchange.js";
import * as faults from "./faults.js";
import * as keys from "./keys.js";
import * as list from "./list.js";
import * as requests from "./requests.js";
import * as tabs from "./tabs.js";
import * as webhooks from "./webhooks.js";
import * as worlds from "./worlds.js";
import { listen } from "./live.js";

for (const part of [chat, clock, dialogs, exchange, faults, keys, list, requests, tabs, webhooks, worlds]) part.start();

setInterval(() => {
  clock.tick();
  list.tick();
  chat.tick();
}, 250);

listen();
