"use strict";
// Fills in what the meters say: first from the page itself, then from the stream; says when it is of the past.
(() => {
  const body = document.body;
  if (location.protocol === "https:" && navigator.serviceWorker) keepOffline();
  if (document.getElementById("follow")) follow();
  if (!body.dataset.state) return;
  /** @type {Words} */
  const words = JSON.parse(body.dataset.words ?? "{}");
  const language = document.documentElement.lang;
  /** @type {House} */
  const first = JSON.parse(body.dataset.state);
  const wall = body.classList.contains("display");
  const guest = new URLSearchParams(location.search).has("guest");
  const LOST_MS = 12000;
  const SAID_MS = 30000;
  const RELOAD_MS = 60000;
  const PRICE_MS = 5000;
  const PRICES_MS = 60000;
  const LIKE_MS = 10000;
  const whole = new Intl.NumberFormat(language, { maximumFractionDigits: 0 });
  const tenths = new Intl.NumberFormat(language, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
  const mills = new Intl.NumberFormat(language, { minimumFractionDigits: 3, maximumFractionDigits: 3 });
  /** @type {(state: House) => string} */
  const tariffsOf = (state) => state.meters.map((meter) => meter.tariff).join();
  /** @type {[string, number][]} */
  const likes = JSON.parse(body.dataset.like ?? "[]");

  // What was heard last, and when; whether the stream is lost, and when another one was asked for.
  let last = first;
  let heard = Date.now();
  let lost = false;
  let tried = 0;
  /** @type {EventSource | undefined} */
  let stream;
  // What is known of costs, by meter, and under which tariffs.
  /** @type {Record<string, Price>} */
  let prices = {};
  let priced = tariffsOf(first);
  // The shape that fits the wall; when a screen reader was last told something.
  let fitted = "";
  let said = 0;

  /** @type {(key: string, places?: Record<string, string>) => string} */
  const say = (key, places = {}) => words[key].replace(/\{(\w+)\}/g, (_, name) => places[name]);
  // Whole numbers: a quotient of 57.49999 would be 57 here and 58 on a screen.
  /** @type {(part: number, all: number) => number} */
  const percent = (part, all) => Math.floor((200 * part + all) / (2 * all));
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

  /** @type {Shows} */
  function power(section, meter) {
    // On the wall there is room for one number: what is given is worth more than the nothing that is drawn then.
    const giving = wall && Boolean(meter.injected_va) && !meter.drawn_va;
    const big = giving ? meter.injected_va : meter.drawn_va;
    const drawn = meter.drawn_va;
    const subscribed = meter.subscribed_va;
    section.classList.toggle("giving", giving);
    put(section, "what", say(giving ? "giving" : "power"));
    put(section, "drawn", big === null ? "–" : whole.format(big));
    const known = subscribed && drawn !== null && !giving;
    bar(section, "load", known ? drawn / subscribed : null);
    put(section, "load", known ? say("of_subscribed", {
      percent: whole.format(percent(drawn, subscribed)), subscribed: whole.format(subscribed),
    }) : null);
    put(section, "injected", meter.injected_va && !giving ? say("injected", { power: whole.format(meter.injected_va) }) : null);
  }

  /** @type {Shows} */
  function contract(section, meter) {
    const kind = meter.tariff_kind === "unknown" ? meter.tariff : say(`tariff_${meter.tariff_kind}`);
    put(section, "tariff", kind ?? null);
    colour(section, "tempo_today", meter.tempo_today);
    // Before 11 o'clock nobody knows tomorrow's colour; who has no Tempo contract has no colour today either.
    if (meter.tempo_today === "unknown") put(section, "tempo_tomorrow", null);
    else {
      put(section, "tempo_tomorrow", say(`colour_${meter.tempo_tomorrow}`)).dataset.colour = meter.tempo_tomorrow;
    }
  }

  // Volt-amperes have no price: what the gateway reckons of the last minutes is shown as it says it.
  /** @type {Shows} */
  function cost(section, meter) {
    const known = prices[meter.meter ?? ""] ?? {};
    const hour = known.per_hour ?? null;
    const base = known.base_load_w ?? null;
    put(section, "cost_hour", hour === null ? null : say("an_hour_now", { cost: mills.format(hour) }));
    put(section, "base_load", base === null ? null : `${whole.format(base)}\u202fW`);
  }

  async function askPrices() {
    if (wall || !document.querySelector('nav a[href="/cost"]')) return;
    try {
      const answer = await fetch("/cost/now");
      if (!answer.ok || answer.redirected) return;
      prices = await answer.json();
      draw(last);
    } catch { /* The stream says it when the gateway is away. */ }
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
    ofOnesOwn(section, meter);
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

  /** @type {(alerts: Record<string, string>[]) => void} */
  function told(alerts) {
    const place = document.getElementById("told");
    const texts = alerts.map((alert) => alert[language]);
    if (!place || place.textContent === texts.join("")) return;
    place.replaceChildren(...texts.map((text) => {
      const line = document.createElement("p");
      line.className = "warn";
      line.textContent = text;
      return line;
    }));
  }

  /** @type {Shows} */
  function phases(section, meter) {
    const known = meter.phases ?? [];
    find(section, ".phases").hidden = known.length === 0;
    const rows = known.map((phase) => {
      const row = document.createElement("tr");
      /** @type {[Maybe<number>, string][]} */
      const units = [[phase.va, "VA"], [phase.v, "V"], [phase.a, "A"]];
      const texts = units.map(([value, unit]) => (value === null ? "–" : `${whole.format(value)}\u202f${unit}`));
      [String(phase.phase), ...texts].forEach((text, place) => {
        const cell = document.createElement(place ? "td" : "th");
        if (!place) cell.setAttribute("scope", "row");
        cell.textContent = text;
        row.append(cell);
      });
      return row;
    });
    find(section, "tbody").replaceChildren(...rows);
  }

  /** @type {(section: HTMLElement, meter: Meter, several: boolean) => void} */
  function show(section, meter, several) {
    // One meter needs no name; a screen reader needs the heading above those of the values.
    put(section, "meter", meter.meter ?? say("house")).classList.toggle("hidden", !several || !meter.meter);
    power(section, meter);
    contract(section, meter);
    cost(section, meter);
    days(section, meter);
    phases(section, meter);
    warn(section, "overload", meter.overload === true);
    warn(section, "breaker", Boolean(meter.breaker) && meter.breaker !== "closed");
    warn(section, "alert", meter.alert === true && !wall);
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
      if (section instanceof HTMLElement) show(section, meter, state.meters.length > 1);
    });
    told(state.alerts ?? []);
    aloud(state);
    if (wall) fit();
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

  // A screen reader that read every second's value would never fall silent.
  /** @type {(state: House) => void} */
  function aloud(state) {
    if (wall || Date.now() - said < SAID_MS) return;
    said = Date.now();
    const known = state.meters.flatMap((meter) => (meter.drawn_va === null ? [] : [meter.drawn_va]));
    find(document, "#said").textContent = known.map((va) => say("said", { power: whole.format(va) })).join(", ");
  }

  /** @type {(event: MessageEvent<string>) => void} */
  function hear(event) {
    heard = Date.now();
    lost = false;
    last = JSON.parse(event.data);
    if (last.page !== first.page) location.reload();
    // Another tariff is stored at once; until its price was asked for nothing is said of the cost.
    if (tariffsOf(last) !== priced) {
      priced = tariffsOf(last);
      prices = {};
      setTimeout(askPrices, PRICE_MS);
    }
    draw(last);
  }

  function listen() {
    if (stream) stream.close();
    stream = new EventSource(guest ? "/events?guest=1" : "/events");
    stream.onmessage = hear;
    stream.onerror = lose;
  }

  function lose() {
    if (lost) return;
    lost = true;
    draw(last);
  }

  // A browser gives up on a stream that is refused, and a television has nobody who would load the page again.
  function watch() {
    const silent = Date.now() - heard;
    if (silent < LOST_MS) return;
    lose();
    if (Date.now() - tried < LOST_MS) return;
    tried = Date.now();
    if (silent < RELOAD_MS) listen();
    else fetch(location.href).then((answer) => { if (answer.ok) location.reload(); }, () => {});
  }

  // For when the gateway does not answer; who is told whether that was allowed is the page of the certificate.
  function keepOffline() {
    const { href } = /** @type {HTMLLinkElement} */ (find(document, "link[rel=stylesheet]"));
    const about = new URLSearchParams({ lang: document.documentElement.lang, style: href.slice(location.origin.length) });
    /** @type {(kept: boolean) => void} */
    const tell = (kept) => { document.dispatchEvent(new CustomEvent("worker", { detail: kept })); };
    navigator.serviceWorker.register(`/worker.js?${about}`).then(() => tell(true), () => tell(false));
  }

  // The page of links is text: fetched again from time to time, but not from under who reads a detail.
  function follow() {
    const main = find(document, "#main");
    const EVERY_MS = 10000;
    let due = 0;
    new EventSource("/events").onmessage = () => {
      const busy = document.hidden || main.contains(document.activeElement) || main.querySelector("details[open]");
      if (busy || Date.now() < due) return;
      due = Date.now() + EVERY_MS;
      fetch(location.href).then((answer) => (answer.ok && !answer.redirected ? answer.text() : null), () => null)
        .then((text) => {
          const fresh = text && new DOMParser().parseFromString(text, "text/html").getElementById("main");
          if (fresh) main.replaceChildren(...fresh.childNodes);
        });
    };
  }

  draw(first);
  if (wall) addEventListener("resize", fit);
  askPrices();
  listen();
  setInterval(watch, 1000);
  setInterval(askPrices, PRICES_MS);
})();
