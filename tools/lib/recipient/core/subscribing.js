// When a recipient subscribes: at once, and again after what went wrong. It knows no network: it is given who does it.
import { condition } from "./recipient.js";

const FIRST_WAIT_MS = 2_000;
const LONGEST_WAIT_MS = 60_000;
// One that says that it is asked too much is left alone for so long at least, whatever happens meanwhile (§16).
const LEAST_MS = 60_000;
// What comes so soon after one's own presence may be its answer: to answer that in turn would go on for ever.
const ANSWER_MS = 10_000;

/** Subscribes until it succeeds, less and less often (C37). */
export class Subscribing {
  /**
   * @param {{begin(): void, subscribe(): Promise<void>}} recipient
   * @param {(what: string, more?: string) => void} tell
   */
  constructor(recipient, tell) {
    this.recipient = recipient;
    this.tell = tell;
    this.wait = FIRST_WAIT_MS;
    this.gone = false;
    this.shown = -Infinity;
    this.until = -Infinity;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    this.busy = false;
  }

  /** @param {boolean} fresh whether a session begins */
  async begin(fresh = false) {
    if (fresh) {
      this.recipient.begin();
      this.wait = FIRST_WAIT_MS;
    }
    clearTimeout(this.timer);
    if (this.busy) return;
    const left = this.until - performance.now();
    if (left > 0) {
      this.timer = setTimeout(() => this.begin(), left);
      return;
    }
    this.busy = true;
    this.shown = performance.now();
    try {
      await this.recipient.subscribe();
      this.wait = FIRST_WAIT_MS;
    } catch (error) {
      this.tell(condition(error) === "not-authorized" ? "no consent" : "not subscribed", /** @type {Error} */ (error).message);
      this.wait = Math.min(2 * this.wait, LONGEST_WAIT_MS);
      const pause = (this.wait * (1 + Math.random())) / 2;
      const least = condition(error) === "resource-constraint" ? LEAST_MS : 0;
      this.until = performance.now() + least;
      this.timer = setTimeout(() => this.begin(), Math.max(pause, least));
    } finally {
      this.busy = false;
    }
  }

  /**
   * One that went without a word, of which no server tells, shows itself again and again until it is answered (C24).
   * @param {string} type of a presence of the gateway
   */
  seen(type) {
    if (type === "unavailable") this.gone = true;
    else if (type === "" && (this.gone || performance.now() > this.shown + ANSWER_MS)) {
      this.gone = false;
      this.begin();
    }
  }

  end() {
    clearTimeout(this.timer);
  }
}
