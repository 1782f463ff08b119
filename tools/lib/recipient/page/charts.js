// One series as a card: its name, what was lowest and highest in words, and its curve.
import { plain, split } from "../core/names.js";
import { rises } from "../core/view.js";
import { spoken, words } from "./words.js";

/** @typedef {import("../core/shapes").Seen} Seen */

// Energy comes as an index, which only rises: what is looked at is by how much.
const INDEXES = new Set(["Wh", "varh", "VAh", "J", "vars", "VAs"]);
const HOUR_S = 3600;
/** @type {Map<Element, uPlot>} */
const drawn = new Map();

/** @param {number} value */
export function figure(value) {
  return new Intl.NumberFormat(spoken(), { maximumFractionDigits: 2 }).format(value);
}

/** @param {number} time */
function moment(time) {
  return new Intl.DateTimeFormat(spoken(), { dateStyle: "short", timeStyle: "medium" }).format(time * 1000);
}

/**
 * The beginnings of hours or days within a span, by the clock on the wall, and its end.
 * @param {number} from
 * @param {number} to
 * @param {number} days
 */
function edgesOf(from, to, days) {
  const edges = [];
  const at = new Date(from * 1000);
  for (let step = 0; step < 200 && at.getTime() < to * 1000; step += 1) {
    edges.push(at.getTime() / 1000);
    if (days > 1) at.setDate(at.getDate() + 1);
    else at.setTime(at.getTime() + HOUR_S * 1000);
  }
  return [...edges, to];
}

/**
 * @param {import("../core/shapes").Series} series
 * @param {Seen[]} points in the order of time, with some from before `from` of an index
 * @param {{from: number, to: number, days: number}} span
 * @returns {{times: number[], values: (number | null)[], bars: boolean, text: string}}
 */
function shown({ unit }, points, { from, to, days }) {
  if (INDEXES.has(unit)) {
    const edges = edgesOf(from, to, days);
    const values = rises(points, edges);
    const known = values.filter((value) => value !== null);
    const sum = known.reduce((all, value) => all + value, 0);
    const text = known.length ? `${words("total")} ${figure(sum)} ${unit}` : words("noneHere");
    return { times: edges.slice(0, -1), values, bars: true, text };
  }
  const within = points.filter(({ time }) => time >= from);
  const numbers = within.filter(({ value }) => value !== null);
  const [times, values] = [numbers.map(({ time }) => time), numbers.map(({ value }) => value)];
  if (!numbers.length) {
    const last = within.at(-1);
    const text = last ? `${words("value")} ${plain(last.text ?? "")}, ${moment(last.time)}` : words("noneHere");
    return { times, values, bars: false, text };
  }
  const low = Math.min(...numbers.map((one) => one.low ?? Number(one.value)));
  const high = Math.max(...numbers.map((one) => one.high ?? Number(one.value)));
  const text = `${words("lowest")} ${figure(low)} ${unit}, ${words("highest")} ${figure(high)} ${unit}`;
  return { times, values, bars: false, text };
}

/**
 * @param {HTMLElement} place
 * @param {import("../core/shapes").Series} series
 * @param {Seen[]} points
 * @param {{from: number, to: number, days: number}} span
 */
export function card(place, series, points, span) {
  const { times, values, bars, text } = shown(series, points, span);
  const [title, more] = ["h2", "p"].map((kind) => /** @type {HTMLElement} */ (place.querySelector(kind)));
  const small = document.createElement("small");
  const how = bars ? words(span.days > 1 ? "perDay" : "perHour") : words(series.granularity);
  small.textContent = ` ${plain(series.unit)} · ${how}`;
  title.replaceChildren(split(series.name)?.path ?? series.name, small);
  more.textContent = `${text} · ${words("last")} ${moment(series.last)}`;
  const chart = /** @type {HTMLElement} */ (place.querySelector(".chart"));
  drawn.get(chart)?.destroy();
  drawn.delete(chart);
  const some = values.some((value) => value !== null);
  chart.classList.toggle("none", !some);
  if (some) drawn.set(chart, draw(chart, series.unit, [times, values], bars, span));
}

/**
 * @param {HTMLElement} chart
 * @param {string} unit
 * @param {uPlot.AlignedData} data
 * @param {boolean} bars
 * @param {{from: number, to: number, days: number}} span
 */
function draw(chart, unit, data, bars, span) {
  const line = {
    label: unit,
    stroke: color("--curve"),
    width: 1.5,
    points: { show: !bars && data[0].length < 3 },
    ...(bars && { fill: color("--curve"), paths: /** @type {any} */ (uPlot.paths).bars({ align: 1, size: [0.8] }) }),
  };
  return plotted(chart, [line], data, bars, span);
}

/** @param {string} name */
function color(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/**
 * Two amounts by half hours: bars, and a line of steps over them; nothing where nothing is known.
 * @param {HTMLElement} chart
 * @param {uPlot.AlignedData | null} data
 * @param {{from: number, to: number, days: number}} span
 */
export function pair(chart, data, span) {
  drawn.get(chart)?.destroy();
  drawn.delete(chart);
  chart.classList.toggle("none", !data);
  if (!data) return;
  const paths = /** @type {any} */ (uPlot.paths);
  const bars = { stroke: color("--drawn"), fill: color("--drawn"), width: 1, points: { show: false }, paths: paths.bars({ align: 1, size: [0.8] }) };
  const line = { stroke: color("--sun"), width: 2.5, points: { show: false }, paths: paths.stepped({ align: 1 }) };
  drawn.set(chart, plotted(chart, [bars, line], data, true, span));
}

/**
 * @param {HTMLElement} chart
 * @param {uPlot.Series[]} series
 * @param {uPlot.AlignedData} data
 * @param {boolean} bars
 * @param {{from: number, to: number, days: number}} span
 */
function plotted(chart, series, data, bars, { from, to, days }) {
  const axis = { stroke: color("--soft"), grid: { stroke: color("--line"), width: 1 }, ticks: { stroke: color("--line") } };
  const wide = chart.clientWidth > 520;
  const day = new Intl.DateTimeFormat(spoken(), wide ? { weekday: "short", day: "numeric" } : { day: "numeric" });
  const hour = new Intl.DateTimeFormat(spoken(), { hour: "2-digit", minute: "2-digit" });
  const named = (/** @type {number[]} */ times) => times.map((time) => (days > 1 ? day : hour).format(time * 1000));
  const times = { ...axis, size: 34, ...(days > 1 && { incrs: [86_400], space: 20 }), values: (/** @type {uPlot} */ _plot, /** @type {number[]} */ at) => named(at) };
  const room = (/** @type {uPlot} */ _plot, /** @type {string[]} */ labels) =>
    26 + 8 * Math.max(3, ...(labels ?? []).map((label) => label.length));
  const amounts = { ...axis, size: room, values: (/** @type {uPlot} */ _plot, /** @type {number[]} */ at) => at.map(figure) };
  return new uPlot(
    {
      width: chart.clientWidth,
      height: 180,
      scales: { x: { time: true, range: [from, to] }, y: { range: (_plot, low, high) => spread(bars ? 0 : low, high) } },
      axes: [times, amounts],
      series: [{}, ...series],
      padding: [8, 28, 0, 0],
      cursor: { show: false },
    },
    data,
    chart,
  );
}

/**
 * @param {number} low
 * @param {number} high
 * @returns {[number, number]}
 */
function spread(low, high) {
  const room = (high - low || Math.abs(high) || 1) * 0.08;
  return [low === 0 ? 0 : low - room, high + room];
}
