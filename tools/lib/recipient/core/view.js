// What a page may show of a store, in as many steps as a curve has room for. No I/O of its own.
import { limited } from "./recipient.js";

/** @typedef {import("./shapes").Seen} Seen */

const STEPS = 1000;
const LONGEST_S = 40 * 86_400;

/**
 * The points of a series in [from, to), without those that the household has suspended (C33).
 * @param {import("./shapes").Store} store
 * @param {import("./shapes").Which} which
 * @param {number} from
 * @param {number} to
 * @returns {Promise<Seen[]>}
 */
export async function curve(store, which, from, to) {
  if (!(to > from && to - from <= LONGEST_S)) throw new RangeError("from and to are at most forty days apart");
  const limits = await store.limits(which.gateway);
  const points = (await store.points(which, from, to)).filter(({ time }) => !limited(limits, which, time));
  return points.length <= STEPS ? points : inSteps(points, Math.ceil((to - from) / STEPS));
}

/**
 * @param {Seen[]} points in the order of time
 * @param {number} step seconds
 */
function inSteps(points, step) {
  /** @type {Seen[]} */
  const found = [];
  let [sum, count] = [0, 0];
  for (const { time, value, text } of points) {
    const begin = time - (time % step);
    let last = found.at(-1);
    if (!last || last.time !== begin || value === null || last.value === null) {
      [sum, count] = [0, 0];
      last = { time: value === null ? time : begin, value, text, low: value ?? undefined, high: value ?? undefined };
      found.push(last);
    }
    if (value === null) continue;
    [sum, count] = [sum + value, count + 1];
    last.value = sum / count;
    last.low = Math.min(last.low ?? value, value);
    last.high = Math.max(last.high ?? value, value);
  }
  return found;
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
