// A part of others' production beside what a house drew, by half hours, of indexes in any granularity. No I/O of its own.
import { split } from "./names.js";

/** @typedef {import("./shapes").Seen} Seen */
/** @typedef {import("./shapes").Series} Series */

export const PRODUCTION = "production/energy/active/index";
export const CONSUMPTION = "consumption/energy/active/index";
export const STEP_S = 1800;
// Those that tell an index at each half hour first; it lies between the readings of the others.
const GRANULARITIES = ["PT30M", "PT15M", "PT1M", "raw"];
const EXACT = 2;
/** @type {Record<string, number>} */
const WH = { Wh: 1, kWh: 1000, J: 1 / 3600 };
// After more than a half hour without a reading so much is the first thing counted; more is of hours that nobody saw.
const SOME_WH = 10;

/**
 * Of each meter the series of that index that half hours can be made of, the one that tells them best first: where a
 * consent changed its granularity there are several, each of its own days.
 * @param {Series[]} all
 * @param {string} path
 */
export function indexes(all, path) {
  /** @type {Map<string, Series[]>} */
  const meters = new Map();
  const rank = (/** @type {Series} */ one) => GRANULARITIES.indexOf(one.granularity);
  for (const one of all) {
    const named = split(one.name);
    if (named?.path !== path || rank(one) < 0 || !WH[one.unit]) continue;
    const meter = `${one.gateway} ${named.meter}`;
    meters.set(meter, [...(meters.get(meter) ?? []), one]);
  }
  return [...meters.values()].map((each) => each.sort((one, other) => rank(one) - rank(other)));
}

/**
 * What one meter's index has risen by from each edge to the next: of the first of its series that knows it.
 * @param {{series: Series, points: Seen[]}[]} read in the order of `indexes`
 * @param {number[]} edges
 * @returns {{wh: (number | null)[], sure: boolean}} whether no half hour is reckoned between readings
 */
export function together(read, edges) {
  /** @type {(number | null)[]} */
  const wh = edges.slice(1).map(() => null);
  let sure = true;
  for (const { series, points } of read) {
    risen(series, points, edges).forEach((one, place) => {
      if (one === null || wh[place] !== null) return;
      wh[place] = one;
      sure = sure && exact(series);
    });
  }
  return { wh, sure };
}

/** @param {Series} series */
export function exact({ granularity }) {
  return GRANULARITIES.indexOf(granularity) < EXACT;
}

/**
 * What an index has risen by from each edge to the next, in Wh; null where that is not known.
 * @param {Series} series
 * @param {Seen[]} points in the order of time, with some from before the first edge and from after the last
 * @param {number[]} edges
 * @returns {(number | null)[]}
 */
export function risen({ unit, granularity }, points, edges) {
  // An index by the minute is what it was when the minute ended.
  const late = granularity === "PT1M" ? 60 : 0;
  const known = points.flatMap(({ time, value, low }) => (value === null ? [] : [{ time: time + late, wh: (low ?? value) * WH[unit] }]));
  let next = 0;
  const at = edges.map((edge) => {
    while (next < known.length && known[next].time <= edge) next += 1;
    return between(known[next - 1], known[next], edge);
  });
  return at.slice(1).map((end, from) => {
    const begin = at[from];
    return begin === null || end === null || end < begin ? null : end - begin;
  });
}

/**
 * @param {{time: number, wh: number} | undefined} before
 * @param {{time: number, wh: number} | undefined} after
 * @param {number} edge
 */
function between(before, after, edge) {
  if (!before) return null;
  if (before.time === edge) return before.wh;
  if (!after || after.wh < before.wh) return null;
  const rise = after.wh - before.wh;
  const gap = after.time - before.time;
  if (gap > STEP_S) return rise > SOME_WH ? null : before.wh;
  return before.wh + (rise * (edge - before.time)) / gap;
}

/**
 * Half hours side by side: the part of all productions, what was drawn, and how much of that the part covered.
 * @param {(number | null)[][]} productions of each inverter; where one is not known the part is not
 * @param {(number | null)[]} drawn
 * @param {number} part from 0 to 1
 */
export function beside(productions, drawn, part) {
  const mine = drawn.map((_, place) => {
    const each = productions.map((one) => one[place] ?? null);
    return !each.length || each.includes(null) ? null : each.reduce((all, one) => (all ?? 0) + (one ?? 0), 0);
  });
  const parts = mine.map((one) => (one === null ? null : one * part));
  const sums = { known: 0, mine: 0, drawn: 0, covered: 0 };
  parts.forEach((one, place) => {
    const taken = drawn[place];
    if (one === null || taken === null) return;
    sums.known += 1;
    sums.mine += one;
    sums.drawn += taken;
    sums.covered += Math.min(one, taken);
  });
  return { mine: parts, drawn, sums };
}
