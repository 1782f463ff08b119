// A roof that is shared: which part is mine, what it made today, and how much of what I drew that covered.
import { plain, split } from "../core/names.js";
import { beside, CONSUMPTION, indexes, PRODUCTION, STEP_S, together } from "../core/share.js";
import { figure, pair } from "./charts.js";
import { spoken, words } from "./words.js";

/** @typedef {import("../core/shapes").Seen} Seen */
/** @typedef {import("../core/shapes").Series} Series */
/** @typedef {(which: Series, from: number, to: number) => Promise<Seen[]>} Curve */

const KEPT = "roof";
// So short that a curve of minutes has room for each, and one of frames a step that half hours are made of.
const PIECE_S = 4 * 3600;
const FINE = new Set(["raw", "PT1M"]);
// An index that rests by night was last told the evening before.
const BEFORE_S = 86_400;
// As many inverters as a roof may have; of more there is no sum, as of a part of them there is none.
export const MOST_METERS = 50;

/** @returns {{held: string, of: string, own: string}} */
function kept() {
  const nothing = { held: "", of: "", own: "" };
  try {
    return { ...nothing, ...JSON.parse(localStorage.getItem(KEPT) ?? "{}") };
  } catch {
    return nothing;
  }
}

/** @param {string} text */
function number(text) {
  return /^\d{1,9}([.,]\d{1,4})?$/.test(text.trim()) ? Number(text.trim().replace(",", ".")) : NaN;
}

/** The part that was typed, from 0 to 1; null of what is none. */
function part() {
  const { held, of } = kept();
  const found = number(held) / number(of);
  return found >= 0 && found <= 1 ? found : null;
}

/**
 * @param {Curve} curve
 * @param {Series} series
 * @param {number} from
 * @param {number} to
 */
async function read(curve, series, from, to) {
  const found = await curve(series, from - BEFORE_S, from);
  const piece = FINE.has(series.granularity) ? PIECE_S : to - from;
  for (let begin = from; begin < to; begin += piece) found.push(...(await curve(series, begin, Math.min(begin + piece, to))));
  return [...found, ...(await curve(series, to, to + BEFORE_S)).slice(0, 1)];
}

/**
 * A meter by half hours, of those of its series that have anything of that day.
 * @param {Curve} curve
 * @param {Series[]} meter
 * @param {number[]} edges
 */
async function halfHours(curve, meter, edges) {
  const [from, to] = [edges[0], edges[edges.length - 1]];
  const found = [];
  for (const series of meter) {
    if (series.last < from || series.first > to) continue;
    found.push({ series, points: await read(curve, series, from, to) });
  }
  return together(found, edges);
}

/**
 * @param {HTMLSelectElement} select
 * @param {Series[][]} drawn
 */
function offer(select, drawn) {
  const { own } = kept();
  const names = drawn.map(([{ gateway, name }]) => `${gateway} ${split(name)?.meter ?? ""}`);
  select.replaceChildren(...names.map((name) => new Option(plain(name), name, false, name === own)));
  /** @type {HTMLElement} */ (select.parentElement).hidden = names.length < 2;
  return drawn[Math.max(0, names.indexOf(own))];
}

/**
 * The day of a roof, where a production and a consumption are received; hidden otherwise.
 * @param {HTMLElement} place
 * @param {Curve} curve
 * @param {Series[]} all
 * @param {{from: number, to: number, days: number}} span
 */
export async function roof(place, curve, all, span) {
  const [made, drawn] = [PRODUCTION, CONSUMPTION].map((path) => indexes(all, path));
  place.hidden = !made.length || !drawn.length || span.days > 1;
  if (place.hidden) return;
  const own = offer(/** @type {HTMLSelectElement} */ (place.querySelector("select")), drawn);
  const [said, chart] = ["p", ".chart"].map((kind) => /** @type {HTMLElement} */ (place.querySelector(kind)));
  const mine = part();
  if (mine === null || made.length > MOST_METERS) {
    said.textContent = mine === null ? words("sharesMissing") : words("tooManyInverters").replace("{most}", `${MOST_METERS}`);
    pair(chart, null, span);
    return;
  }
  const edges = [];
  for (let at = span.from; at <= span.to; at += STEP_S) edges.push(at);
  const curves = [];
  for (const one of [...made, own]) curves.push(await halfHours(curve, one, edges));
  const known = curves.map(({ wh }) => wh);
  const found = beside(known.slice(0, -1), known[known.length - 1], mine);
  said.textContent = told(found.sums, curves.every(({ sure }) => sure));
  const kwh = (/** @type {(number | null)[]} */ values) => values.map((one) => (one === null ? null : one / 1000));
  const some = [...found.mine, ...found.drawn].some((one) => one !== null);
  pair(chart, some ? [edges.slice(0, -1), kwh(found.drawn), kwh(found.mine)] : null, span);
}

/**
 * @param {{known: number, mine: number, drawn: number, covered: number}} sums
 * @param {boolean} sure
 */
function told({ known, mine, drawn, covered }, sure) {
  if (!known) return words("sharesUnknown");
  const kwh = (/** @type {number} */ wh) => `${sure ? "" : "≈ "}${figure(wh / 1000)} kWh`;
  const share = new Intl.NumberFormat(spoken(), { style: "percent" }).format(drawn ? covered / drawn : 0);
  return `${words("myPart")} ${kwh(mine)} · ${words("drawn")} ${kwh(drawn)} · ${words("covered")} ${kwh(covered)} (${drawn ? share : "–"})`;
}

/**
 * Keep what is typed in the form, and look again.
 * @param {HTMLFormElement} form
 * @param {() => void} renew
 */
export function listen(form, renew) {
  const now = kept();
  for (const name of /** @type {const} */ (["held", "of"])) {
    /** @type {HTMLInputElement} */ (form.elements.namedItem(name)).value = now[name];
  }
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", () => {
    localStorage.setItem(KEPT, JSON.stringify(Object.fromEntries(new FormData(form))));
    renew();
  });
}
