// How much there is of a series over a time (WIRE.md §24): its count, and a hash over whole numbers and texts. No I/O of its own.
import { bare, split } from "./names.js";
import { OURS } from "./stanzas.js";

/** @typedef {import("./shapes").Element} Element */
/** @typedef {import("./shapes").Which} Which */

export const INFO = "http://jabber.org/protocol/disco#info";
const STANZAS = "urn:ietf:params:xml:ns:xmpp-stanzas";
const GRANULARITIES = new Set(["raw", "PT1M", "PT15M", "PT30M", "P1D"]);
const MOST_HASHED = 100_000;
const encoder = new TextEncoder();

export class Totals {
  /** @param {{make: import("./shapes").Make, store: import("./shapes").Store, gateway: string}} parts */
  constructor({ make, store, gateway }) {
    this.make = make;
    this.store = store;
    this.home = bare(gateway);
  }

  /** What service discovery says. */
  features() {
    return this.make("query", { xmlns: INFO }, this.make("feature", { var: `${OURS}#total` }));
  }

  /**
   * The answer to a question, or an error; to others than the gateway nothing, as where nobody knows the question.
   * @param {Element} question
   * @param {string} from
   * @returns {Promise<Element | undefined>}
   */
  async answer(question, from) {
    if (bare(from) !== this.home) return undefined;
    const { name = "", granularity = "", first = "", last = "" } = question.attrs;
    const times = [first, last].map((text) => (/^[0-9]{1,12}$/.test(text) ? Number(text) : NaN));
    if (!split(name) || !GRANULARITIES.has(granularity) || !(times[0] < times[1])) {
      return this.make("error", { type: "modify" }, this.make("bad-request", { xmlns: STANZAS }));
    }
    const found = await total(this.store, { gateway: this.home, name, granularity }, times[0], times[1]);
    return this.make("total", { xmlns: OURS, name, granularity, first, last, ...found });
  }
}

/**
 * @param {import("./shapes").Store} store
 * @param {Which} which
 * @param {number} first
 * @param {number} last not included
 * @returns {Promise<Record<string, string>>} `count`, and `hash` where not too much would be hashed
 */
export async function total(store, which, first, last) {
  const points = await store.points(which, first, last, MOST_HASHED + 1);
  const count = String(points.length);
  if (points.length > MOST_HASHED) return { count };
  const bytes = encoder.encode(points.map(line).join(""));
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return { count, hash: Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("") };
}

/** @param {import("./shapes").Seen} point */
function line({ time, value, text }) {
  if (value === null) return `${time} t ${encoder.encode(text ?? "").length} ${text ?? ""}\n`;
  // Beyond 2^53 a number would be written by its first digits alone.
  return `${time} v ${BigInt(Math.floor(value * 1000 + 0.5))}\n`;
}
