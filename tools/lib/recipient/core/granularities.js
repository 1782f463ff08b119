// Of which granularities something is stored, and until when. No I/O.
import { within } from "./names.js";

export class Granularities {
  /** @param {import("./shapes").Series[]} series */
  constructor(series) {
    this.series = series;
  }

  /**
   * Granularities of what is stored of a part, each with the time up to which all series of it have something.
   * @param {{branch: string, first: number, last: number}} part
   * @returns {[string, number][]}
   */
  within({ branch, first, last }) {
    /** @type {Map<string, number>} */
    const found = new Map();
    for (const one of this.series) {
      if (!within(one.name, branch) || one.last < first || one.first > last) continue;
      found.set(one.granularity, Math.min(one.last, found.get(one.granularity) ?? Infinity));
    }
    return [...found];
  }
}
