// The screen on the wall: fills in what the meters say, and says when it is of the past.

const body = document.body;
/** @type {Words} */
const words = JSON.parse(body.dataset.words ?? "{}");
const language = document.documentElement.lang;
const LIKE_MS = 10000;
// In a public place nothing is said of the contract: there is no place for it either.
const isPublic = "public" in body.dataset;
// What the server counts a full bar as (gateway/web/home/pages.py).
const GAUGE = 1000;
const whole = new Intl.NumberFormat(language, { maximumFractionDigits: 0 });
const euros = new Intl.NumberFormat(language, { style: "currency", currency: "EUR" });
const tenths = new Intl.NumberFormat(language, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
/** @type {[string, number][]} */
const likes = JSON.parse(body.dataset.like ?? "[]");

// What was heard last; whether it is of the past; the shape that fits the wall.
/** @type {House} */
let last = { page: "", meters: [] };
let lost = false;
let fitted = "";

/** @type {(key: string, places?: Record<string, string>) => string} */
const say = (key, places = {}) => words[key].replace(/\{(\w+)\}/g, (_, name) => places[name]);
/** @type {(wh: number) => string} */
const kwh = (wh) => `${tenths.format(wh / 1000)}\u202fkWh`;

/** @type {(root: ParentNode, selector: string) => HTMLElement} */
function find(root, selector) {
  const found = root.querySelector(selector);
  if (found instanceof HTMLElement) return found;
  throw new Error(`the page has no ${selector}`);
}

/** @type {(seconds: number) => string} */
function age(seconds) {
  /** @type {[string, number][]} */
  const units = [["days", 86400], ["hours", 3600], ["minutes", 60]];
  for (const [key, length] of units) {
    if (seconds >= 2 * length) return say(key, { n: whole.format(seconds / length) });
  }
  return say("seconds", { n: whole.format(seconds) });
}

/** @type {Puts} */
function put(section, name, text) {
  const place = find(section, `[data-is="${name}"]`);
  const card = place.closest(".card");
  const box = card instanceof HTMLElement ? card : place;
  box.hidden = text === null;
  if (text !== null && place.textContent !== text) place.textContent = text;
  return box;
}

/** @type {(section: HTMLElement, name: string, on: boolean) => void} */
function warn(section, name, on) {
  find(section, `[data-is="${name}"]`).hidden = !on;
}

/** @type {(section: HTMLElement, name: string, share: Maybe<number>) => void} */
function bar(section, name, share) {
  const filled = find(section, `[data-bar="${name}"]`);
  if (filled.parentElement) filled.parentElement.hidden = share === null;
  if (share === null) return;
  filled.style.width = `${Math.max(0, Math.min(100, 100 * share))}%`;
  filled.className = share >= 1 ? "full" : share >= 0.8 ? "high" : "";
}

/** @type {(section: HTMLElement, name: string, value: string) => void} */
function colour(section, name, value) {
  const box = put(section, name, value === "unknown" ? null : say(`colour_${value}`));
  box.dataset.colour = value;
}

// Number, unit and part of the subscribed power are written by the server, as on the first page.
/** @type {(section: HTMLElement, meter: Meter, shown: Shown) => void} */
function power(section, meter, shown) {
  const giving = shown.giving === true;
  section.classList.toggle("giving", giving);
  put(section, "what", say(giving ? "giving" : shown.panels ? "from_grid" : "power"));
  put(section, "drawn_today", say(shown.panels ? "from_grid" : "drawn_today"));
  put(section, "drawn", String(shown.power));
  put(section, "unit", String(shown.unit));
  bar(section, "load", typeof shown.gauge === "number" ? shown.gauge / GAUGE : null);
  put(section, "load", shown.load === null ? null : String(shown.load));
  // Watts are what is drawn less what is given: there is no other number beside them.
  const both = shown.unit === "VA" && meter.injected_va && !giving;
  put(section, "injected", both ? say("injected", { power: whole.format(meter.injected_va ?? 0) }) : null);
}

// What is of the contract, and of the roof: at home alone.
/** @type {(section: HTMLElement, meter: Meter, shown: Shown) => void} */
function contract(section, meter, shown) {
  const kind = meter.tariff_kind === "unknown" ? meter.tariff : say(`tariff_${meter.tariff_kind}`);
  const cents = meter.cost_today_cents ?? null;
  put(section, "cost_today", cents === null ? null : euros.format(cents / 100));
  put(section, "tariff", kind ?? null);
  put(section, "off_peak", typeof shown.off_peak === "string" ? shown.off_peak : null);
  colour(section, "tempo_today", meter.tempo_today);
  // Before 11 o'clock nobody knows tomorrow's colour; who has no Tempo contract has no colour today either.
  if (meter.tempo_today === "unknown") put(section, "tempo_tomorrow", null);
  else {
    put(section, "tempo_tomorrow", say(`colour_${meter.tempo_tomorrow}`)).dataset.colour = meter.tempo_tomorrow;
  }
  ofOnesOwn(section, meter);
  put(section, "consumed_today", typeof shown.consumed_today === "string" ? shown.consumed_today : null);
  warn(section, "overload", meter.overload === true);
  warn(section, "breaker", Boolean(meter.breaker) && meter.breaker !== "closed");
}

/** @type {Shows} */
function days(section, meter) {
  const today = meter.drawn_today_wh;
  const yesterday = meter.drawn_yesterday_wh;
  const most = Math.max(today ?? 0, yesterday ?? 0, 1);
  find(section, ".days").hidden = today === null && yesterday === null;
  day(section, "today", today, most, meter.partial);
  day(section, "yesterday", yesterday, most, meter.partial);
  like(section, today ?? 0);
}

/** @type {(section: HTMLElement, name: string, wh: Maybe<number>, most: number, partial?: string[]) => void} */
function day(section, name, wh, most, partial = []) {
  const energy = wh === null ? "–" : kwh(wh);
  put(section, name, wh !== null && partial.includes(name) ? say("at_least", { energy }) : energy);
  find(section, `[data-bar="${name}"]`).style.width = `${(100 * (wh ?? 0)) / most}%`;
}

/** @type {Shows} */
function ofOnesOwn(section, meter) {
  for (const name of /** @type {const} */ (["injected_today", "produced_today", "self_consumed_today"])) {
    const wh = meter[`${name}_wh`] ?? null;
    // What is counted here and not known is said to be so, and why; of what nobody counts nothing is.
    const doubt = meter.produced_doubt && name !== "injected_today" ? say("unknown") : null;
    put(section, name, wh === null ? doubt : kwh(wh));
  }
  put(section, "doubt", meter.produced_doubt ? say(`doubt_${meter.produced_doubt}`) : null);
}

// One thing after the other; of what is less than two of it nothing is said.
/** @type {(section: HTMLElement, wh: number) => void} */
function like(section, wh) {
  const known = likes.filter(([, one]) => wh >= 2 * one);
  const [what, one] = known[Math.floor(Date.now() / LIKE_MS) % known.length] ?? ["", 0];
  const number = wh >= 10 * one ? whole : tenths;
  put(section, "like", one ? say("like", { n: number.format(wh / one), what }) : null);
}

/** @type {(section: HTMLElement, meter: Meter, shown: Shown, several: boolean) => void} */
function show(section, meter, shown, several) {
  // One meter needs no name; a screen reader needs the heading above those of the values.
  put(section, "meter", meter.meter ?? say("house")).classList.toggle("hidden", !several || !meter.meter);
  power(section, meter, shown);
  days(section, meter);
  if (!isPublic) contract(section, meter, shown);
  const mute = meter.age_s === null ? say("never_heard") : say("stale", { age: age(meter.age_s) });
  put(section, "stale", lost ? say("lost") : meter.stale ? mute : null);
  section.classList.toggle("old", lost || meter.stale);
}

/** @type {(state: House) => void} */
function draw(state) {
  const place = find(document, "#meters");
  const template = document.getElementById("meter");
  if (!(template instanceof HTMLTemplateElement)) return;
  while (place.children.length < state.meters.length) place.append(template.content.cloneNode(true));
  state.meters.forEach((meter, n) => {
    const section = place.children[n];
    if (section instanceof HTMLElement) show(section, meter, state.shown?.[n] ?? {}, state.meters.length > 1);
  });
  fit();
}

// What is shown on the wall changes seldom; only then, and when the screen is turned, is it measured again.
function fit() {
  const shown = [...document.querySelectorAll("#meters *")].map((one) => Number(one.matches("[hidden]"))).join("");
  const shape = `${innerWidth} ${innerHeight} ${shown}`;
  if (shape === fitted) return;
  fitted = shape;
  const main = find(document, "#main");
  for (let size = 100; size >= 30; size -= 5) {
    body.style.setProperty("--fit", String(size / 100));
    if (main.scrollHeight <= innerHeight) return;
  }
}

document.addEventListener("house", (event) => {
  const told = /** @type {CustomEvent<Heard>} */ (event).detail;
  last = told.state ?? last;
  lost = told.lost;
  draw(last);
});
addEventListener("resize", fit);
