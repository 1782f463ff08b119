// What a page may show of a store, in as many steps as a curve has room for. No I/O of its own.
import { limited } from "./recipient.js";

/** @typedef {import("./shapes").Seen} Seen */

const STEPS = 1000;
const LONGEST_S = 40 * 86_400;

/**
 * The points of a series in [from, to), without those that the household has suspended (C33); of more than a curve has
 * room for, steps.
 * @param {import("./shapes").Store} store
 * @param {import("./shapes").Which} which
 * @param {number} from
 * @param {number} to
 * @returns {Promise<Seen[]>}
 */
export async function curve(store, which, from, to) {
  if (!(to > from && to - from <= LONGEST_S)) throw new RangeError("from and to are at most forty days apart");
  const end = Math.min(to, limited(await store.limits(which.gateway), which));
  if (end <= from) return [];
  const points = await store.points(which, from, end, STEPS + 1);
  return points.length <= STEPS ? points : store.steps(which, from, end, Math.ceil((to - from) / STEPS));
}

/** Points, in the order of time, as steps: for a store that cannot make them by itself. */
export class Steps {
  /** @param {number} step seconds */
  constructor(step) {
    this.step = step;
    /** @type {(Seen & {begin: number, sum: number, count: number})[]} */
    this.numbers = [];
    /** @type {(Seen & {begin: number})[]} */
    this.texts = [];
  }

  /** @param {Seen} point */
  add({ time, value, text }) {
    const begin = time - (time % this.step);
    if (value === null) {
      if (this.texts.at(-1)?.begin === begin) this.texts.pop();
      this.texts.push({ begin, time, value, text });
      return;
    }
    if (this.numbers.at(-1)?.begin !== begin) {
      this.numbers.push({ begin, time: begin, value, text: null, low: value, high: value, sum: 0, count: 0 });
    }
    const last = this.numbers[this.numbers.length - 1];
    last.sum += value;
    last.count += 1;
    last.value = last.sum / last.count;
    last.low = Math.min(last.low ?? value, value);
    last.high = Math.max(last.high ?? value, value);
  }

  /** @returns {Seen[]} */
  get found() {
    const all = [...this.numbers, ...this.texts].sort((one, other) => one.time - other.time);
    return all.map(({ time, value, text, low, high }) => ({ time, value, text, low, high }));
  }
}

/**
 * What an index has risen by in each of these periods, as far as it is known at both ends.
 * @param {Seen[]} points in the order of time
 * @param {number[]} edges the beginnings of the periods, and the end of the last one
 * @returns {(number | null)[]}
 */
export function rises(points, edges) {
  /** @type {(number | null)[]} */
  const at = [];
  let [next, known] = [0, /** @type {number | null} */ (null)];
  for (const edge of edges) {
    while (next < points.length && points[next].time <= edge) {
      known = points[next].high ?? points[next].value;
      next += 1;
    }
    at.push(known);
  }
  // Of a period that has not ended nothing is known past the last point.
  return at.slice(1).map((end, from) => {
    const begin = at[from];
    return begin === null || end === null || edges[from] > (points.at(-1)?.time ?? 0) ? null : Math.max(0, end - begin);
  });
}
