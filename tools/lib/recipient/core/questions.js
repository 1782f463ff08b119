// What was asked and has no answer yet. That of @xmpp/client takes an answer from whomever it is, by an id that can be guessed;
// here it is of whom was asked. No I/O of its own.
import { same } from "./names.js";
import { readRefusal } from "./stanzas.js";

/** @typedef {import("./shapes").Element} Element */

export class Questions {
  /**
   * @param {(stanza: Element) => Promise<unknown>} send
   * @param {number} deadline milliseconds
   */
  constructor(send, deadline) {
    this.send = send;
    this.deadline = deadline;
    /** @type {Map<string, {to: string, end: (answer: Element | Error) => void}>} */
    this.open = new Map();
  }

  /**
   * The answer; rejects with a refusal and its condition, at the deadline, or where it cannot be sent.
   * @param {Element} iq
   * @returns {Promise<Element>}
   */
  ask(iq) {
    const id = crypto.randomUUID();
    iq.attrs.id = id;
    return new Promise((resolve, reject) => {
      const end = (/** @type {Element | Error} */ answer) => {
        clearTimeout(timer);
        this.open.delete(id);
        if (answer instanceof Error) reject(answer);
        else resolve(answer);
      };
      const timer = setTimeout(() => end(new Error("no answer came in time")), this.deadline);
      this.open.set(id, { to: iq.attrs.to, end });
      this.send(iq).catch(end);
    });
  }

  /** @param {Element} iq of whomever */
  hear(iq) {
    const { type, id = "", from = "" } = iq.attrs;
    const question = this.open.get(id);
    if (!question || (type !== "result" && type !== "error") || !same(from, question.to)) return;
    question.end(type === "error" ? readRefusal(iq) : iq);
  }
}
