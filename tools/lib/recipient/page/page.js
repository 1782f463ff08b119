// The page: days and weeks of every series received. From the program that serves it, or from this browser's own store.
import { card } from "./charts.js";
import { Browser } from "./browser.js";
import { listen, roof } from "./roof.js";
import { say, spoken, turn, words } from "./words.js";

/** @typedef {import("../core/shapes").Series} Series */
/** @typedef {{series(): Promise<Series[]>, curve(which: Series, from: number, to: number): Promise<import("../core/shapes").Seen[]>}} Source */

const AGAIN_MS = 15_000;
const MOST_CARDS = 60;
const DAY_S = 86_400;
const shownNow = { days: 1, back: 0 };

/**
 * @template {HTMLElement} E
 * @param {string} id
 * @returns {E}
 */
function place(id) {
  return /** @type {E} */ (document.getElementById(id));
}

/** @param {string} path */
async function asked(path) {
  const answer = await fetch(path);
  if (!answer.ok) throw new Error(`${answer.status}`);
  return answer.json();
}

/** @type {Source} */
const program = {
  series: () => asked("api/series"),
  curve: ({ gateway, name, granularity }, from, to) =>
    asked(`api/points?${new URLSearchParams({ gateway, name, granularity, from: String(from), to: String(to) })}`),
};

/** The span that is looked at: whole days of this place's clock; a week begins on Monday. */
function span() {
  const { days, back } = shownNow;
  const first = new Date();
  first.setHours(0, 0, 0, 0);
  if (days > 1) first.setDate(first.getDate() - ((first.getDay() + 6) % 7));
  first.setDate(first.getDate() - days * back);
  const end = new Date(first);
  end.setDate(end.getDate() + days);
  return { from: first.getTime() / 1000, to: end.getTime() / 1000, days };
}

/** @param {{from: number, to: number, days: number}} span */
function named({ from, to, days }) {
  const form = new Intl.DateTimeFormat(spoken(), { day: "numeric", month: "long", ...(days === 1 && { weekday: "long" }) });
  return days === 1 ? form.format(from * 1000) : form.formatRange(from * 1000, (to - 1) * 1000);
}

/** @param {Series} series */
function key({ gateway, name, granularity }) {
  return [gateway, name, granularity].join(" ");
}

/**
 * @param {Source} source
 */
async function show(source) {
  const now = span();
  place("when").textContent = named(now);
  /** @type {HTMLButtonElement} */ (place("after")).disabled = shownNow.back === 0;
  for (const button of place("length").querySelectorAll("button")) {
    button.setAttribute("aria-pressed", String(Number(button.dataset.length) === now.days));
  }
  try {
    const received = await source.series();
    const all = received.slice(0, MOST_CARDS);
    /** @type {import("../core/shapes").Seen[][]} */
    const curves = [];
    for (const one of all) curves.push(await source.curve(one, now.from - DAY_S * now.days, now.to));
    await roof(place("roof"), source.curve, received, now);
    place("empty").hidden = all.length > 0;
    place("empty").textContent = words("nothing");
    place("error").hidden = true;
    const cards = new Map([...place("series").children].map((one) => [/** @type {HTMLElement} */ (one).dataset.key, one]));
    place("series").replaceChildren(...all.map((one) => cards.get(key(one)) ?? made(one)));
    all.forEach((one, at) => card(/** @type {HTMLElement} */ (place("series").children[at]), one, curves[at], now));
  } catch {
    // Curves of other days below this day's name would be taken for its own.
    place("series").replaceChildren();
    place("roof").hidden = true;
    place("empty").hidden = true;
    place("error").textContent = words("unreadable");
    place("error").hidden = false;
  }
}

/** @param {Series} series */
function made(series) {
  const section = document.createElement("section");
  section.dataset.key = key(series);
  const chart = document.createElement("div");
  chart.className = "chart";
  section.append(document.createElement("h2"), document.createElement("p"), chart);
  return section;
}

async function begin() {
  say();
  const served = await fetch("api/series").then((answer) => answer.status !== 404, () => true);
  const browser = served ? null : await Browser.open(place("account"), place("link"));
  /** @type {Source} */
  const source = browser ? { series: () => browser.series(), curve: (which, from, to) => browser.curve(which, from, to) } : program;
  let [busy, again] = [false, false];
  const renew = async () => {
    again = busy;
    if (busy) return;
    busy = true;
    await show(source);
    busy = false;
    if (again) renew();
  };
  place("language").addEventListener("click", () => {
    turn();
    say();
    browser?.repeat();
    renew();
  });
  place("length").addEventListener("click", ({ target }) => {
    const days = Number(/** @type {HTMLElement} */ (target).dataset.length);
    if (!days) return;
    Object.assign(shownNow, { days, back: 0 });
    renew();
  });
  place("before").addEventListener("click", () => {
    Object.assign(shownNow, { back: shownNow.back + 1 });
    renew();
  });
  place("after").addEventListener("click", () => {
    Object.assign(shownNow, { back: Math.max(0, shownNow.back - 1) });
    renew();
  });
  listen(place("shares"), renew);
  window.addEventListener("resize", renew);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", renew);
  setInterval(renew, AGAIN_MS);
  await renew();
}

begin();
