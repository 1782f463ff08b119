// Durations of ISO 8601 as a retention has them: P1Y, P6M, P30D. No I/O.

const DURATION = /^P(?:(\d{1,3})Y)?(?:(\d{1,4})M)?(?:(\d{1,4})W)?(?:(\d{1,5})D)?$/;

/**
 * The moment so long after another one, in POSIX seconds; null of what is no duration.
 * @param {string} text
 * @param {number} from
 */
export function after(text, from) {
  const found = DURATION.exec(text);
  if (!found || text === "P") return null;
  const [years, months, weeks, days] = found.slice(1).map((part) => Number(part ?? 0));
  const end = new Date(from * 1000);
  const day = end.getUTCDate();
  end.setUTCDate(1);
  end.setUTCMonth(end.getUTCMonth() + 12 * years + months);
  // The 31st of January and a month is the last of February.
  const longest = new Date(Date.UTC(end.getUTCFullYear(), end.getUTCMonth() + 1, 0)).getUTCDate();
  end.setUTCDate(Math.min(day, longest) + 7 * weeks + days);
  return Math.floor(end.getTime() / 1000);
}
