// The console of the mock server: starts every part.

import * as chat from "./chat.js";
import * as clock from "./clock.js";
import * as compose from "./compose.js";
import * as dialogs from "./dialogs.js";
import * as exchange from "./exchange.js";
import * as faults from "./faults.js";
import * as list from "./list.js";
import * as navigation from "./navigation.js";
import * as requests from "./requests.js";
import * as settings from "./settings.js";
import * as webhooks from "./webhooks.js";
import { listen } from "./live.js";

const parts = [chat, clock, compose, dialogs, exchange, faults, list, navigation, requests, settings, webhooks];
for (const part of parts) part.start();

setInterval(() => {
  clock.tick();
  list.tick();
  chat.tick();
}, 250);
setInterval(() => {
  faults.tick();
  settings.tick();
}, 2000);

listen();
