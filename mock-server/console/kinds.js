// The kinds of fault and their parameters.

/** Each kind with its label, its effect and the form controls that it needs. */
export const KINDS = [
  { name: "lose_reply", words: "lose the answer", does: "the connection closes without an answer." },
  { name: "truncate", words: "cut the answer", does: "half of the answer arrives." },
  { name: "hang", words: "hang", does: "no answer ever comes." },
  { name: "reset", words: "reset the connection", does: "the connection is reset." },
  { name: "garbage", words: "answer garbage", does: "the answer is 200 and not JSON." },
  { name: "html", words: "answer a web page", does: "the answer is 200 and a page of HTML." },
  { name: "delay", words: "answer late", does: "the answer waits.", needs: ["ms"] },
  { name: "gate", words: "hold the answer", does: "the answer is held here until you release it.", needs: ["gate"] },
  { name: "redirect", words: "redirect", does: "the answer points elsewhere.", needs: ["location"], instead: true },
  { name: "status", words: "answer a status", does: "the answer is this one.", needs: ["status", "body", "headers"], instead: true },
  { name: "rate_limited", words: "limit the rate", does: "the answer is the provider's own for too many.", instead: true },
  { name: "fail_later", words: "fail later", does: "its status callback says that it failed.", needs: ["code"], late: true },
];

/** The label of a kind. An unknown kind keeps its name. */
export const wordsOf = (name) => KINDS.find((kind) => kind.name === name)?.words ?? name;
