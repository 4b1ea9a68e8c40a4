// The console of the mock server: starts every part.

import * as attach from "./attach.js";
import * as chat from "./chat.js";
import * as clock from "./clock.js";
import * as compose from "./compose.js";
import * as dialogs from "./dialogs.js";
import * as exchange from "./exchange.js";
import * as faults from "./faults.js";
import * as faultForm from "./fault-form.js";
import * as keys from "./keys.js";
import * as list from "./list.js";
import * as requests from "./requests.js";
import * as settings from "./settings.js";
import * as tabs from "./tabs.js";
import * as webhookForm from "./webhook-form.js";
import * as webhooks from "./webhooks.js";
import * as worlds from "./worlds.js";
import { listen } from "./live.js";

const parts = [
  attach, chat, clock, compose, dialogs, exchange, faultForm, faults, keys, list, requests, settings, tabs, webhookForm, webhooks, worlds,
];
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
