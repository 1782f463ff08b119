// Draws the minutes of a day over its tariff periods; uPlot does the drawing. What is injected lies below zero.
// The same minutes stand in a table. A gap is a gap: nothing is drawn across it.
const language = document.documentElement.lang;
const zone = "Europe/Paris";
const whole = new Intl.NumberFormat(language, { maximumFractionDigits: 0 });
const hands = new Intl.DateTimeFormat("en", { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: zone });
const hourOf = new Intl.DateTimeFormat("en", { hour: "numeric", hourCycle: "h23", timeZone: zone });
const MINUTE = 60;
const HOUR = 3600;
const BAND_PX = 20;
const TAPS_MS = 350;
const CLICK_MS = 1000;
const NEAR_PX = 30;

// Line styles tell the series apart without their colours; the same stand in the legend (history.css).
/** @type {Record<string, Look>} */
const LOOKS = {
  curve_power: { colour: "--drawn", width: 1.5 },
  curve_injected: { colour: "--injected", width: 1.5, dash: [8, 4] },
};

/** @type {(name: string, alpha?: number) => string} */
function colour(name, alpha = 1) {
  const value = getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  if (alpha === 1) return value;
  const digits = value.length === 4 ? [...value.slice(1)].map((one) => one + one) : value.slice(1).match(/../g) ?? [];
  return `rgba(${digits.map((one) => parseInt(one, 16)).join(", ")}, ${alpha})`;
}

// --- what is drawn ---------------------------------------------------------------------------------------------

/** @type {(told: DayTold, words: Words) => Shape} */
function curve(told, words) {
  /** @type {number[]} */
  const times = [];
  for (let time = told.begin; time < told.end; time += MINUTE) times.push(time);
  /** @type {Drawn[]} */
  const series = [];
  if (told.mean) series.push({ key: "curve_power", values: told.mean, text: words.curve_power });
  const given = told.injected?.map((one) => (one === null ? null : -one));
  if (given) series.push({ key: "curve_injected", values: given, text: words.curve_injected });
  /** @type {(time: number) => string} */
  const clock = (time) => {
    const [hh, m] = hands.format(time * 1000).split(":");
    /** @type {Words} */
    const parts = { hh, m, h: String(Number(hh)) };
    return words[m === "00" ? "full_hour" : "time_of_day"].replace(/\{(\w+)\}/g, (_, name) => parts[name]);
  };
  return {
    x: times, series, bands: told.bands, band: told.low && told.high ? { low: told.low, high: told.high } : null,
    range: [told.begin, told.end],
    title: (n) => {
      const word = told.bands.find(([since, until]) => since <= times[n] && times[n] < until);
      return clock(times[n]) + (word ? ` (${words.tariff_word} ${word[3]})` : "");
    },
    tick: clock,
  };
}

// Whole hours of the clock in France: a day on which it is changed has 23 of them, or 25.
/** @type {Splits} */
function hours(least, most, room) {
  const places = Math.max(2, Math.floor(room / 58));
  const span = most - least;
  const step = [300, 600, 900, 1800].find((one) => span / one <= places);
  const found = [];
  if (step) {
    for (let time = Math.ceil(least / step) * step; time <= most; time += step) found.push(time);
    return found;
  }
  const every = [1, 2, 3, 4, 6, 12].find((one) => span / HOUR / one <= places) ?? 12;
  for (let time = Math.ceil(least / HOUR) * HOUR; time <= most; time += HOUR) {
    // Two o'clock that comes twice is named twice only where there is room.
    const near = found.length && time - found[found.length - 1] < 0.75 * every * HOUR;
    if (Number(hourOf.format(time * 1000)) % every === 0 && !near) found.push(time);
  }
  return found;
}

// --- how it is drawn -------------------------------------------------------------------------------------------

/** @type {Record<string, string>} */
const TINTS = { b: "--tint-blue", w: "--tint-white", r: "--tint-red" };

/** @type {(word: string) => string} */
function tint(word) {
  if (/^h[cp]j[bwr]$/.test(word)) return TINTS[word[3]];
  return word === "hc" ? "--tint-low" : word === "hp" || word === "pm" ? "--tint-high" : "--tint-base";
}

// Colour and hatching (off-peak) lie under the grid, the word itself on a strip above it.
/** @type {(plot: uPlot, bands: Band[], paint: BandDraws) => void} */
function eachBand(plot, bands, paint) {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  for (const [since, until, word, text] of bands) {
    const left = Math.max(plot.valToPos(since, "x", true), bbox.left);
    const right = Math.min(plot.valToPos(until, "x", true), bbox.left + bbox.width);
    if (right > left) paint(ctx, left, right, word, text);
  }
  ctx.restore();
}

/** @type {(plot: uPlot, bands: Band[]) => void} */
function drawBands(plot, bands) {
  const { bbox } = plot;
  const ratio = devicePixelRatio;
  eachBand(plot, bands, (ctx, left, right, word) => {
    ctx.fillStyle = colour(tint(word), 0.55);
    ctx.fillRect(left, bbox.top, right - left, bbox.height);
    if (word.startsWith("hc")) hatch(ctx, left, right, bbox.top, bbox.top + bbox.height, ratio);
    ctx.fillStyle = colour("--line");
    ctx.fillRect(left, bbox.top, ratio, bbox.height);
  });
}

/** @type {(plot: uPlot, bands: Band[]) => void} */
function drawStrip(plot, bands) {
  const { bbox } = plot;
  const ratio = devicePixelRatio;
  const strip = BAND_PX * ratio;
  eachBand(plot, bands, (ctx, left, right, word, text) => {
    ctx.fillStyle = colour(tint(word));
    ctx.fillRect(left, bbox.top, right - left, strip);
    ctx.fillStyle = colour("--quiet");
    ctx.fillRect(left, bbox.top, ratio, strip);
    ctx.font = `${12 * ratio}px system-ui, sans-serif`;
    ctx.textAlign = "center";
    ctx.textBaseline = "middle";
    const fits = [text, text.split(" ")[0]].find((one) => ctx.measureText(one).width + 6 * ratio <= right - left);
    ctx.fillStyle = colour("--front");
    if (fits) ctx.fillText(fits, (left + right) / 2, bbox.top + strip / 2);
  });
}

/** @type {(ctx: CanvasRenderingContext2D, left: number, right: number, top: number, bottom: number, ratio: number) => void} */
function hatch(ctx, left, right, top, bottom, ratio) {
  ctx.save();
  ctx.beginPath();
  ctx.rect(left, top, right - left, bottom - top);
  ctx.clip();
  ctx.strokeStyle = colour("--line", 0.6);
  ctx.lineWidth = ratio;
  ctx.beginPath();
  for (let x = left - (bottom - top); x < right; x += 14 * ratio) {
    ctx.moveTo(x, bottom);
    ctx.lineTo(x + bottom - top, top);
  }
  ctx.stroke();
  ctx.restore();
}

// A value between two gaps is no line: it is drawn as a point.
/** @type {(values: Values) => uPlot.Series.Points} */
function points(values) {
  /** @type {(n: number) => boolean} */
  const known = (n) => values[n] !== null && values[n] !== undefined;
  const alone = [...values.keys()].filter((n) => known(n) && !known(n - 1) && !known(n + 1));
  return { show: alone.length > 0, size: 4, filter: () => alone };
}

/** @type {(drawn: Drawn, shown: boolean) => uPlot.Series} */
function asSeries({ key, text, values }, shown) {
  const style = LOOKS[key];
  return {
    label: text, show: shown, stroke: () => colour(style.colour), width: style.width ?? 2, dash: style.dash,
    points: points(values), spanGaps: false,
  };
}

// Above and below zero; the highest one has the unit.
/** @type {(value: number, n: number, all: number[]) => string} */
function volt_amperes(value, n, all) {
  return whole.format(Math.abs(value)) + (n === all.length - 1 ? "\u202fVA" : "");
}

/** @type {(shape: Shape, place: Place) => uPlot.Options} */
function options(shape, place) {
  const { hidden } = place;
  /** @type {uPlot.Series[]} */
  const series = [{}, ...shape.series.map((one) => asSeries(one, !hidden.has(one.key)))];
  /** @type {uPlot.Band[]} */
  const bands = [];
  if (shape.band) {
    const edge = { show: !hidden.has("curve_power"), stroke: "transparent", width: 0, points: { show: false } };
    series.push({ ...edge }, { ...edge });
    bands.push({ series: [series.length - 1, series.length - 2], fill: () => colour("--drawn", 0.28) });
  }
  const grid = { stroke: () => colour("--line"), width: 1 };
  const text = () => colour("--quiet");
  const font = "13px system-ui, sans-serif";
  return {
    width: place.plot.clientWidth, height: place.plot.clientWidth < 500 ? 300 : 360, series, bands,
    legend: { show: false }, padding: [8, 26, 0, 0],
    cursor: { y: false, drag: { x: true, y: false, setScale: false }, points: { size: 8 } },
    scales: { x: { time: false, range: () => place.seen }, y: { range: (_, least, most) => reach(least, most, shape) } },
    axes: [
      { grid, ticks: grid, stroke: text, font, size: 34, splits: (plot, _, least, most) =>
        hours(least, most, plot.bbox.width / devicePixelRatio), values: (_, found) => found.map(shape.tick) },
      { grid, ticks: grid, stroke: text, font, size: 72, values: (_, found) => found.map(volt_amperes) },
    ],
    hooks: {
      drawClear: [(plot) => drawBands(plot, shape.bands)],
      drawAxes: [(plot) => drawStrip(plot, shape.bands)],
      setCursor: [(plot) => read(plot, shape, place)],
      setSelect: [(plot) => {
        if (plot.select.width < 8) return;
        const [from, to] = [plot.select.left, plot.select.left + plot.select.width].map((x) => plot.posToVal(x, "x"));
        plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
        look(place, from, to);
      }],
    },
  };
}

// From nothing, with room for the strip of the tariffs above.
/** @type {(least: Maybe<number>, most: Maybe<number>, shape: Shape) => [number, number]} */
function reach(least, most, shape) {
  const top = Math.max(most ?? 0, 0) || 1;
  return [Math.min(least ?? 0, 0) * 1.08, top * (shape.bands.length ? 1.18 : 1.08)];
}

// --- a closer look ---------------------------------------------------------------------------------------------

/** @type {(place: Place, from: number, to: number) => void} */
function look(place, from, to) {
  const [first, last] = place.shape.range;
  const span = Math.min(Math.max(to - from, 10 * MINUTE), last - first);
  const begin = Math.min(Math.max((from + to - span) / 2, first), last - span);
  place.seen = [begin, begin + span];
  place.chart?.setScale("x", { min: begin, max: begin + span });
  place.section.dataset.seen = place.seen.join(" ");
}

/** @type {(place: Place, how: string) => void} */
function zoom(place, how) {
  const [from, to] = place.seen;
  const span = to - from;
  if (how === "in") look(place, from + span / 4, to - span / 4);
  if (how === "out") look(place, from - span / 2, to + span / 2);
  if (how === "left") look(place, from - span / 2, to - span / 2);
  if (how === "right") look(place, from + span / 2, to + span / 2);
  if (how === "all") look(place, ...place.shape.range);
}

/** @type {Record<string, string>} */
const KEYS = { "+": "in", "=": "in", "-": "out", 0: "all", Home: "all", Escape: "all", PageUp: "left", PageDown: "right" };

/** @type {(event: KeyboardEvent, place: Place) => void} */
function press(event, place) {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  if (KEYS[event.key]) zoom(place, KEYS[event.key]);
  else if (event.key === "ArrowLeft" || event.key === "ArrowRight") walk(place, event.key === "ArrowLeft" ? -1 : 1, event.shiftKey);
  else return;
  event.preventDefault();
}

/** @type {(place: Place, way: number, far: boolean) => void} */
function walk(place, way, far) {
  const { chart, shape } = place;
  const [from, to] = place.seen;
  if (!chart) return;
  const step = far ? 30 : 5;
  const first = shape.x.findIndex((one) => one >= from);
  const now = chart.cursor.idx ?? (way > 0 ? first - step : shape.x.length);
  const next = Math.min(Math.max(now + way * step, 0), shape.x.length - 1);
  if (shape.x[next] < from || shape.x[next] > to) look(place, from + way * (to - from) / 4, to + way * (to - from) / 4);
  chart.setCursor({ left: chart.valToPos(shape.x[next], "x"), top: 10 });
}

/** @type {(shape: Shape, n: number) => string} */
function spread({ band }, n) {
  const [low, high] = [band?.low[n] ?? null, band?.high[n] ?? null];
  return low === null || high === null ? "" : ` (${whole.format(low)}–${whole.format(high)})`;
}

// What the cursor is at, in words; where it is they stand on the chart.
/** @type {(plot: uPlot, shape: Shape, place: Place) => void} */
function read(plot, shape, place) {
  const n = plot.cursor.idx;
  if (n === null || n === undefined || (plot.cursor.left ?? -1) < 0) return;
  const said = shape.series.filter(({ key }) => !place.hidden.has(key)).map(({ key, text, values }) => {
    const value = values[n];
    const name = text.replace(/[,(].*/, "").trim();
    if (value === null || value === undefined) return `${name} –`;
    const range = key === "curve_power" ? spread(shape, n) : "";
    return `${name} ${whole.format(Math.abs(value))}${range}\u202fVA`;
  });
  place.readout.textContent = [shape.title(n), ...said].join("\n");
  place.readout.classList.add("bubble");
  const wide = place.plot.clientWidth - place.readout.offsetWidth;
  const left = plot.valToPos(shape.x[n], "x") + plot.bbox.left / devicePixelRatio - place.readout.offsetWidth / 2;
  place.readout.style.left = `${Math.min(Math.max(left, 0), Math.max(wide, 0))}px`;
}

// --- fingers ----------------------------------------------------------------------------------------------------

// One finger reads, two zoom and move, two taps zoom in; from so close that there is no closer, out again.
/** @type {(place: Place) => void} */
function fingers(place) {
  let tapped = { time: 0, x: 0 };
  let touched = 0;
  /** @type {Maybe<[number, number]>} */
  let held = null;
  /** @type {(touch: Touch) => number} */
  const inside = (touch) => {
    const over = place.plot.querySelector(".u-over")?.getBoundingClientRect();
    return over ? touch.clientX - over.left : 0;
  };
  /** @type {(event: TouchEvent) => void} */
  const point = (event) => place.chart?.setCursor({ left: inside(event.touches[0]), top: 10 });
  /** @type {(event: TouchEvent) => [number, number]} */
  const both = (event) => [inside(event.touches[0]), inside(event.touches[1])];
  place.plot.addEventListener("touchstart", (event) => {
    held = event.touches.length === 2 ? valuesAt(place, both(event)) : null;
    if (event.touches.length === 1) point(event);
  }, { passive: true });
  place.plot.addEventListener("touchmove", (event) => {
    if (event.touches.length === 2 && held) {
      event.preventDefault();
      pinch(place, held, both(event));
    } else if (event.touches.length === 1) point(event);
    // What is moved here is not the day.
    if (event.touches.length === 2 || isZoomed(place)) event.stopPropagation();
  }, { passive: false });
  // A mouse that clicks twice sees all again; of fingers the browser says so as well.
  place.plot.addEventListener("dblclick", ({ timeStamp }) => { if (timeStamp - touched > CLICK_MS) zoom(place, "all"); });
  place.plot.addEventListener("touchend", (event) => {
    touched = event.timeStamp;
    if (isZoomed(place) || held) event.stopPropagation();
    if (event.touches.length || held) return;
    const x = inside(event.changedTouches[0]);
    if (event.timeStamp - tapped.time < TAPS_MS && Math.abs(x - tapped.x) < NEAR_PX) {
      event.preventDefault();
      closer(place, x);
      tapped = { time: 0, x: 0 };
    } else tapped = { time: event.timeStamp, x };
  });
}

/** @type {(place: Place) => boolean} */
function isZoomed({ seen, shape }) {
  return seen[1] - seen[0] < shape.range[1] - shape.range[0];
}

/** @type {(place: Place, at: [number, number]) => [number, number]} */
function valuesAt({ chart }, [first, second]) {
  return chart ? [chart.posToVal(first, "x"), chart.posToVal(second, "x")] : [0, 0];
}

// The two moments that were held stay below the two fingers.
/** @type {(place: Place, held: [number, number], at: [number, number]) => void} */
function pinch(place, held, at) {
  const width = place.plot.querySelector(".u-over")?.clientWidth ?? 0;
  const [one, other] = held[0] < held[1] ? [0, 1] : [1, 0];
  const apart = Math.max(at[other] - at[one], 20);
  const per = (held[other] - held[one]) / apart;
  const from = held[one] - at[one] * per;
  look(place, from, from + width * per);
}

/** @type {(place: Place, x: number) => void} */
function closer(place, x) {
  const [from, to] = place.seen;
  const here = place.chart?.posToVal(x, "x") ?? from;
  const span = (to - from) / 3;
  if (span < 10 * MINUTE) look(place, ...place.shape.range);
  else look(place, here - span / 2, here + span / 2);
}

// --- a chart and what is around it ------------------------------------------------------------------------------

/** @type {(section: HTMLElement, place: Place) => void} */
function legend(section, place) {
  find(section, ".legend").replaceChildren(...place.shape.series.map(({ key, text }) => {
    const button = document.createElement("button");
    const swatch = document.createElement("span");
    button.type = "button";
    button.setAttribute("aria-pressed", "true");
    swatch.className = `line-of ${key}`;
    button.append(swatch, text);
    button.addEventListener("click", () => {
      const show = place.hidden.has(key);
      place.hidden[show ? "delete" : "add"](key);
      button.setAttribute("aria-pressed", String(show));
      draw(place);
    });
    return button;
  }));
}

/** @type {(place: Place) => void} */
function draw(place) {
  place.chart?.destroy();
  /** @type {uPlot.AlignedData} */
  const data = [place.shape.x, ...place.shape.series.map((one) => one.values)];
  if (place.shape.band) data.push(place.shape.band.low, place.shape.band.high);
  place.chart = new uPlot(options(place.shape, place), data, place.plot);
}

/** @type {(root: ParentNode, selector: string) => HTMLElement} */
function find(root, selector) {
  const found = root.querySelector(selector);
  if (found instanceof HTMLElement) return found;
  throw new Error(`the page has no ${selector}`);
}

/** @type {(section: HTMLElement) => Promise<void>} */
async function open(section) {
  /** @type {Words} */
  const words = JSON.parse(section.dataset.words ?? "{}");
  const readout = find(section, ".readout");
  /** @type {DayTold} */
  let told;
  try {
    const answer = await fetch(section.dataset.url ?? "");
    if (!answer.ok || answer.redirected) throw new Error(String(answer.status));
    told = await answer.json();
  } catch {
    readout.textContent = words.no_chart;
    return;
  }
  const shape = curve(told, words);
  /** @type {Place} */
  const place = { section, plot: find(section, ".plot"), readout, hidden: new Set(), shape, seen: shape.range };
  section.dataset.seen = shape.range.join(" ");
  legend(section, place);
  readout.textContent = words.zoom_hint;
  find(section, ".zoom").hidden = false;
  draw(place);
  section.querySelectorAll("[data-zoom]").forEach((button) => {
    button.addEventListener("click", () => zoom(place, button.getAttribute("data-zoom") ?? ""));
  });
  place.plot.addEventListener("keydown", (event) => press(event, place));
  fingers(place);
  const at = Number(section.dataset.at);
  if (told.begin <= at && at < told.end) look(place, at - 1800, at + 3600);
  let width = place.plot.clientWidth;
  new ResizeObserver(() => {
    if (place.plot.clientWidth !== width) { width = place.plot.clientWidth; draw(place); }
  }).observe(place.plot);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => draw(place));
  section.dataset.drawn = "yes";
}

document.querySelectorAll(".chart").forEach((section) => {
  if (section instanceof HTMLElement) open(section);
});
