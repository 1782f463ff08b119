// How far a recipient is (WIRE.md §9, §10): the numbers of one epoch of a gateway's outbox that are stored. No I/O.
//
// `position` is the number up to which nothing waits: everything at or below it is stored, or was for somebody else. A gap
// above it may be either, and nobody can tell before the gateway says `first`. So `spans` holds what lies beyond the gap.

/** @typedef {import("./shapes").Progress} Progress */

const MOST_SPANS = 500;
export const BEGINNING = Object.freeze({ epoch: "", position: 0, spans: [], gaps: [] });

/**
 * After an interval was stored. Another epoch begins anew.
 * @param {Progress} progress
 * @param {{epoch: string, after: number, last: number}} interval
 * @returns {Progress}
 */
export function advance(progress, { epoch, after, last }) {
  const { position, spans } = progress.epoch === epoch ? progress : BEGINNING;
  return { ...progress, ...settle(epoch, position, [...spans, [after, last]]) };
}

/**
 * After a subscription's answer: what lies below `first` waits no longer.
 * @param {Progress} progress
 * @param {{epoch: string, first: number}} answer
 * @returns {{progress: Progress, missed: boolean}} whether something may be missing, which the history has
 */
export function answered(progress, { epoch, first }) {
  if (progress.epoch !== epoch) {
    return { progress: { ...progress, epoch, position: first - 1, spans: [] }, missed: progress.epoch !== "" };
  }
  if (first - 1 <= progress.position) return { progress, missed: false };
  const missed = !covers(progress, first - 1);
  return { progress: { ...progress, ...settle(epoch, first - 1, progress.spans) }, missed };
}

/**
 * @param {Progress} progress
 * @param {number} last
 */
function covers(progress, last) {
  return settle("", progress.position, progress.spans).position >= last;
}

/**
 * @param {string} epoch
 * @param {number} from
 * @param {number[][]} spans
 * @returns {Progress}
 */
function settle(epoch, from, spans) {
  let position = from;
  /** @type {number[][]} */
  const left = [];
  for (const [after, last] of [...spans].sort((one, other) => one[0] - other[0])) {
    const before = left.at(-1);
    if (after <= position) position = Math.max(position, last);
    else if (before && after <= before[1]) before[1] = Math.max(before[1], last);
    else left.push([after, last]);
  }
  // What is forgotten comes again, and is stored once.
  return { epoch, position, spans: left.slice(0, MOST_SPANS) };
}
