// Rejected messages of a business, read from the requests in each provider's form.

const list = (value) => (Array.isArray(value) ? value : []);

/** A phone number in the form of the conversations; null if it is not one. */
function phone(value) {
  const digits = typeof value === "string" || typeof value === "number" ? String(value).replace(/\D/g, "") : "";
  return digits === "" ? null : `+${digits}`;
}

/** Converts a message in Meta's form, or one close to it, to the form of the mock server's lists. */
function content(part) {
  if (part === null || typeof part !== "object") return null;
  const type = typeof part.type === "string" ? part.type : "text";
  const own = part[type];
  if (type === "text") return { type, body: typeof own === "string" ? own : own?.body };
  if (type === "template") return { type, name: own?.name, language: own?.language?.code ?? own?.language };
  if (type === "interactive") return { type: "text", body: own?.body?.text ?? "interactive message" };
  return own !== null && typeof own === "object" && !Array.isArray(own) ? { type, ...own } : { type };
}

const senderOf = (accounts, provider, id) => accounts.get(provider)?.senders.find((sender) => sender.id === String(id))?.phone;

/** Sender, contact and content of a request, by provider. An unreadable message gives no line. */
const READERS = {
  autocalls({ path, body }, accounts) {
    if (!path.startsWith("/api/user/whatsapp/send")) return [];
    const template = accounts.get("autocalls")?.templates.find(({ id }) => id === String(body.template_id));
    const said = body.message === undefined ? { type: "template", name: template?.name ?? String(body.template_id), language: template?.language } : { type: "text", body: body.message };
    return [{ from: senderOf(accounts, "autocalls", body.sender_id), to: body.recipient_phone, content: said }];
  },
  exotel({ path, body, response }) {
    if (!/^\/v2\/accounts\/[^/]+\/messages/.test(path)) return [];
    const answers = list(response?.response?.whatsapp?.messages);
    const messages = body.whatsapp ? list(body.whatsapp.messages) : [body];
    const refused = messages.filter((_, index) => answers[index]?.status !== "success");
    return refused.map((message) => ({ from: message?.from, to: message?.to, content: content(message?.content) }));
  },
  gosendapi({ path, body }, accounts) {
    if (!path.startsWith("/v1/messages")) return [];
    return [{ from: senderOf(accounts, "gosendapi", body.phone_number_id), to: body.to, content: content(body) }];
  },
  messangi({ path, body }) {
    const message = body.request;
    if (!/\/notification(\?|$)/.test(path) || message === null || typeof message !== "object") return [];
    const named = message.templateName && { type: "template", name: message.templateName, language: message.templateLanguage ?? "en", body: message.placeholders };
    return [{ from: message.from, to: message.to, content: named || content(message) }];
  },
};

/** Whether an answer rejects the message, or at least one of several. */
const refuses = ({ status, response }) => status === 207 || status >= 300 || response?.success === false;

/** The rejected messages of a request, each with the request. */
export function attemptsOf(exchange, accounts) {
  const { provider, method, body } = exchange;
  if (method !== "POST" || !refuses(exchange) || body === null || typeof body !== "object") return [];
  const read = Object.hasOwn(READERS, provider) ? READERS[provider](exchange, accounts) : [];
  const known = read.map((attempt) => ({ ...attempt, from: phone(attempt.from), to: phone(attempt.to) })).filter(({ from, to, content: said }) => from && to && said);
  return known.map((attempt, index) => ({
    ...attempt, provider, direction: "attempt", message_id: `request ${exchange.key} ${index}`, at: exchange.at, statuses: [], exchange,
  }));
}
