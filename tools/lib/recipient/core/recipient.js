// A recipient (WIRE.md): subscribes, stores, then confirms, goes on where it was, obeys notices. It knows neither disk nor
// network: it is given a store, `send`, and `ask`, which resolves to the answer or rejects with a StanzaError or a deadline.
import { Granularities } from "./granularities.js";
import { bare, within } from "./names.js";
import { Unreadable } from "./senml.js";
import { advance, answered } from "./sequence.js";
import * as stanzas from "./stanzas.js";

/** @typedef {import("./shapes").Element} Element */
/** @typedef {import("./shapes").Part} Part */

const MOST_WAITING = 256;
const MOST_LIMITS = 1000;
const PAGE = 500;
const MOST_PAGES = 20_000;
const NOTHING_TO_DO = new Set(["access-refused"]);
const SUBSCRIBES = new Set(["access-granted", "recipient-suspended"]);
const DELETES = new Set(["consent-withdrawn", "data-erased"]);
export const KINDS = new Set([...NOTHING_TO_DO, ...SUBSCRIBES, ...DELETES, "data-rectified", "consent-limited", "consent-resumed"]);
export const MOST_SERIES = 2000;
// A notice comes again at least once a day until it is confirmed (§13): one that was not heard for so long does not.
export const NOTICE_S = 366 * 86_400;

/**
 * @typedef {object} Parts
 * @property {import("./shapes").Make} make
 * @property {import("./shapes").Store} store
 * @property {string} gateway its full JID
 * @property {string[]} branches what is subscribed to
 * @property {(stanza: Element) => Promise<unknown>} send
 * @property {(iq: Element) => Promise<Element>} ask
 * @property {() => number} now POSIX seconds
 * @property {(what: string, more?: string) => void} tell
 */

export class Recipient {
  /** @param {Parts} parts */
  constructor(parts) {
    this.parts = parts;
    this.home = bare(parts.gateway);
    /** @type {Promise<unknown>} */
    this.queue = Promise.resolve();
    this.waiting = 0;
    this.notices = 0;
    this.subscribed = this.gate();
  }

  /** In a new session: what is sent before the answer waits for it, or an interval of a new epoch would hide a gap. */
  begin() {
    this.subscribed.open();
    this.subscribed = this.gate();
  }

  gate() {
    let open = () => {};
    const passed = new Promise((resolve) => {
      open = () => resolve(undefined);
    });
    return { passed, open };
  }

  /** Subscribe, and say how far it is (C14, C24). Rejects as `ask` does. */
  async subscribe() {
    const { make, store, gateway, branches, send, ask, tell } = this.parts;
    await send(make("presence", { to: gateway }));
    for (const identifier of branches) {
      const { epoch, position } = await store.progress(this.home);
      /** @type {Record<string, string>} */
      const fields = { identifier, confirm: "receipt", ...(epoch && { epoch, resume_after: String(position) }) };
      const iq = await ask(stanzas.command(make, gateway, "subscribe", fields));
      const answer = stanzas.readSubscribed(iq);
      if (!answer) throw new Unreadable("the answer to a subscription says no epoch and number");
      tell("subscribed", `${identifier} (${answer.series})`);
      await this.inTurn(() => this.goOn(answer));
    }
    this.subscribed.open();
    await this.fill();
  }

  /** @param {{epoch: string, first: number}} answer */
  async goOn(answer) {
    const before = await this.parts.store.progress(this.home);
    const { progress, missed } = answered(before, answer);
    if (missed) progress.gaps = [...(before.gaps ?? []), ...(before.before ?? (await this.gaps()))].slice(0, 100);
    if (!progress.spans.length) delete progress.before;
    if (progress !== before) await this.parts.store.commit({ gateway: this.home, progress });
  }

  /** What would be missing if nothing came between what is stored and now. */
  async gaps() {
    const found = await this.held();
    return this.parts.branches.flatMap((branch) =>
      found.within({ branch, first: 0, last: Infinity }).map(([granularity, start]) => ({ branch, granularity, start })),
    );
  }

  async held() {
    const all = await this.parts.store.series();
    return new Granularities(all.filter((series) => series.gateway === this.home));
  }

  /** Ask the history for every gap (C15); one that is refused is given up. Rejects as `ask` does. */
  async fill() {
    const { store, now, tell } = this.parts;
    for (const gap of (await store.progress(this.home)).gaps ?? []) {
      const part = { branch: gap.branch, granularity: gap.granularity, first: gap.start, last: now() };
      if (!(await this.history(part, false))) tell("no history", gap.branch);
      await this.inTurn(async () => {
        const progress = await store.progress(this.home);
        const gaps = (progress.gaps ?? []).filter((one) => JSON.stringify(one) !== JSON.stringify(gap));
        await store.commit({ gateway: this.home, progress: { ...progress, gaps } });
      });
    }
  }

  /**
   * Page through a part of the history until all is stored (C28, C29).
   * @param {Part} part
   * @param {boolean} replace
   * @returns {Promise<boolean>} false where it is refused
   */
  async history({ branch, granularity, first, last }, replace) {
    const { make, store, gateway, ask, now } = this.parts;
    const iso = (/** @type {number} */ time) => `${new Date(time * 1000).toISOString().slice(0, 19)}Z`;
    const fields = { identifier: branch, granularity, start_time: iso(first), end_time: iso(last + 1) };
    let after = /** @type {string | undefined} */ (undefined);
    for (let page = 0; page < MOST_PAGES; page += 1) {
      const { notices } = this;
      let answer;
      try {
        answer = await ask(stanzas.command(make, gateway, "get_history", fields, { max: PAGE, after }));
      } catch (error) {
        if (condition(error) === "not-authorized") return false;
        throw error;
      }
      // Of what a notice since then is about this page may still hold something.
      if (notices !== this.notices) continue;
      const read = stanzas.readPage(answer, now());
      const points = stanzas.ofThese(read.points, [branch]);
      if (points.length) await store.commit({ gateway: this.home, points, replace });
      // What was added since the first page was counted is behind that count.
      if (read.last === null || (!after && read.count !== null && read.points.length >= read.count)) return true;
      after = read.last;
    }
    throw new Unreadable(`a history of more than ${MOST_PAGES} pages`);
  }

  /**
   * A message of whomever. One more than are bounded is left: whoever sent it sends it again.
   * @param {Element} message
   */
  hear(message) {
    const { type = "normal", from = "" } = message.attrs;
    if (type === "error" || type === "headline" || bare(from) !== this.home || this.waiting >= MOST_WAITING) return;
    const quoalise = message.getChildren("quoalise", stanzas.QUOALISE);
    const notice = stanzas.readNotice(message);
    if (quoalise.length !== 1 && !notice) return;
    this.waiting += 1;
    if (notice) this.notices += 1;
    const { passed } = this.subscribed;
    const obeyed = notice ? this.obey(notice, message) : passed.then(() => this.inTurn(() => this.take(quoalise[0], message)));
    obeyed
      .catch((error) => this.parts.tell(error instanceof Unreadable ? "not read" : "not stored", error.message))
      .finally(() => {
        this.waiting -= 1;
      });
  }

  /**
   * Store a push, then confirm it (C18, C19).
   * @param {Element} quoalise
   * @param {Element} message
   */
  async take(quoalise, message) {
    const { store, branches, now } = this.parts;
    const push = stanzas.readPush(quoalise, now());
    if (push.live) return;
    const points = stanzas.ofThese(push.points, branches);
    /** @type {import("./shapes").Change} */
    const change = { gateway: this.home, points, replace: push.rectifies };
    if (push.interval) {
      const before = await store.progress(this.home);
      change.progress = advance(before, stanzas.stored(push.interval, push.points.length));
      if (before.epoch && before.epoch !== push.interval.epoch) {
        change.progress.gaps = [...(before.gaps ?? []), ...(await this.gaps())].slice(0, 100);
      } else if (change.progress.spans.length) change.progress.before ??= await this.gaps();
      else delete change.progress.before;
    }
    await store.commit(change);
    await this.confirm(message);
  }

  /** @param {Element} message */
  async confirm(message) {
    const receipt = stanzas.receipt(this.parts.make, message);
    if (receipt) await this.parts.send(receipt);
  }

  /**
   * Obey a notice once, and confirm it afterwards (C30). Of an unknown kind nothing is done, told or confirmed (§13).
   * @param {import("./shapes").Notice} notice
   * @param {Element} message
   */
  async obey(notice, message) {
    const { store, now, tell } = this.parts;
    if (!KINDS.has(notice.kind)) return;
    // What came before it and waits for an answer is stored first, or it would be stored again afterwards.
    if (DELETES.has(notice.kind)) this.subscribed.open();
    const seen = { id: notice.id, at: now() };
    if (await store.obeyed(this.home, notice.id)) {
      await this.inTurn(() => store.commit({ gateway: this.home, notice: seen }));
    } else {
      tell(notice.kind, notice.text.en ?? "");
      if (notice.kind === "data-rectified") await this.rectify(notice);
      else if (SUBSCRIBES.has(notice.kind)) await this.subscribe();
      await this.inTurn(async () => store.commit({ ...(await this.consequence(notice)), gateway: this.home, notice: seen }));
    }
    await this.confirm(message);
  }

  /** @param {import("./shapes").Notice} notice */
  async consequence(notice) {
    const { kind, branch, first, last, consent } = notice;
    const part = { branch, first, last, granularity: "", consent };
    if (DELETES.has(kind)) return { erase: part.last === 0 ? [] : [part] };
    if (kind !== "consent-limited" && kind !== "consent-resumed") return {};
    const same = (/** @type {Part} */ one) => one.branch === branch && one.consent === consent;
    const others = (await this.parts.store.limits(this.home)).filter((one) => !same(one));
    // A suspension holds for all that is there, and for what was on its way when it began.
    const limits = kind === "consent-limited" ? [...others, { ...part, last: Number.MAX_SAFE_INTEGER }] : others;
    if (limits.length > MOST_LIMITS) throw new Unreadable("too many suspensions");
    return { limits };
  }

  /**
   * Replace what is stored by what is right (C32); where that is refused, what is wrong goes.
   * @param {Part} part
   */
  async rectify(part) {
    const held = await this.held();
    const [first, last] = [Math.max(part.first, 0), Math.min(part.last, this.parts.now())];
    for (const branch of part.branch ? [part.branch] : this.parts.branches) {
      for (const [granularity] of held.within({ branch, first, last })) {
        const asked = { branch, granularity, first, last };
        if (await this.history(asked, true)) continue;
        await this.inTurn(() => this.parts.store.commit({ gateway: this.home, erase: [asked] }));
      }
    }
  }

  /**
   * One after another, whatever became of the one before.
   * @template T
   * @param {() => Promise<T>} work
   * @returns {Promise<T>}
   */
  inTurn(work) {
    const done = this.queue.then(work);
    this.queue = done.catch(() => {});
    return done;
  }
}

/**
 * The condition of a refusal (§16).
 * @param {unknown} error
 */
export function condition(error) {
  return error instanceof Error && "condition" in error ? String(error.condition) : "";
}

/**
 * The time from which on nothing of a series is to be used for now (C33).
 * @param {Part[]} limits each holds until it is lifted, for all that is later than its beginning
 * @param {{name: string, granularity: string}} series
 */
export function limited(limits, series) {
  return Math.min(Infinity, ...limits.filter((part) => touches(part, series)).map(({ first }) => first));
}

/**
 * Whether a part names this series.
 * @param {Part} part
 * @param {{name: string, granularity: string}} series
 */
export function touches(part, { name, granularity }) {
  if (part.branch && !within(name, part.branch)) return false;
  return !part.granularity || granularity === part.granularity;
}
