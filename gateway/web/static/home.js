// The first page follows the house: what the stream says of this moment is put in its place, the rest fetched again.

const home = /** @type {HTMLElement} */ (document.getElementById("home"));
const told = /** @type {HTMLElement} */ (document.getElementById("told"));
const said = /** @type {HTMLElement} */ (document.getElementById("said"));
/** @type {Words} */
const words = JSON.parse(home.dataset.words ?? "{}");
const AGAIN_MS = 60000;
const SAID_MS = 30000;

// What the page was last fetched for, and when; when a screen reader was last told something; whether nobody answers.
let known = "";
let fetched = Date.now();
let spoken = 0;
let away = false;

// Whatever of the stream is written by the server alone: where it changes the page is fetched again.
/** @type {(state: House) => string} */
const rest = (state) => JSON.stringify([state.alerts, state.meters.map((one) => [
  one.tariff, one.tempo_today, one.tempo_tomorrow, one.stale, one.overload, one.breaker, one.produced_doubt,
  one.tariff_until, one.off_peak_next, one.power_w === null, Number(one.power_w) < 0, Boolean(one.injected_va) && !one.drawn_va,
])]);

/** @type {(section: Element, shown: Shown) => void} */
function put(section, shown) {
  for (const [name, text] of Object.entries(shown)) {
    const place = section.querySelector(`[data-is="${name}"]`);
    if (name === "gauge") place?.setAttribute("width", String(text ?? 0));
    else if (place instanceof HTMLElement) {
      place.hidden = text === null;
      if (text !== null && place.textContent !== text) place.textContent = String(text);
    }
  }
}

// A screen reader that read every second's value would never fall silent.
/** @type {(shown: Shown) => void} */
function aloud(shown) {
  if (shown.power === "–" || Date.now() - spoken < SAID_MS) return;
  spoken = Date.now();
  said.textContent = `${shown.what}${words.colon} ${shown.power} ${shown.unit}`;
}

/** @type {(text: string | null) => void} */
function renew(text) {
  const page = text && new DOMParser().parseFromString(text, "text/html");
  const fresh = page && page.getElementById("home");
  if (!fresh) return;
  const [paper, dated] = [document, page].map((one) => one.querySelector(".on-paper"));
  if (paper && dated) paper.textContent = dated.textContent;
  const focused = home.contains(document.activeElement) && document.activeElement?.getAttribute("href");
  // What has not changed stays: a screen reader would read an old warning as a new one.
  const [old, now] = [told.innerHTML, fresh.querySelector("#told")?.innerHTML ?? ""];
  if (old !== now) told.innerHTML = now;
  fresh.querySelector("#told")?.remove();
  while (told.nextSibling) told.nextSibling.remove();
  home.append(...fresh.childNodes);
  if (focused) /** @type {HTMLElement | null} */ (home.querySelector(`[href="${CSS.escape(focused)}"]`))?.focus();
}

function again() {
  fetched = Date.now();
  fetch(location.href).then((answer) => (answer.ok && !answer.redirected ? answer.text() : null), () => null).then(renew);
}

function lose() {
  if (away) return;
  away = true;
  const box = document.createElement("div");
  box.className = "bad banner";
  box.setAttribute("role", "alert");
  for (const key of ["away", "away_do"]) {
    const line = document.createElement("p");
    line.textContent = words[key];
    box.append(line);
  }
  told.replaceChildren(box);
  for (const card of home.querySelectorAll(".card")) card.classList.add("old");
}

/** @type {(state: House) => void} */
function hear(state) {
  const shown = state.shown ?? [];
  home.querySelectorAll(".meter").forEach((section, n) => { if (shown[n]) put(section, shown[n]); });
  if (shown[0]) aloud(shown[0]);
  const now = rest(state);
  const changed = away || (known && now !== known);
  known = now;
  away = false;
  if (changed || (!document.hidden && Date.now() - fetched >= AGAIN_MS)) again();
}

document.addEventListener("house", (event) => {
  const { state, lost } = /** @type {CustomEvent<Heard>} */ (event).detail;
  if (lost) lose();
  else if (state) hear(state);
});
