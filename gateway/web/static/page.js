"use strict";
// Fills in what the meters say: first from the page itself, then from the stream; says when it is of the past.
(() => {
  const body = document.body;
  if (document.getElementById("follow")) follow();
  if (!body.dataset.state) return;
  const words = JSON.parse(body.dataset.words);
  const language = document.documentElement.lang;
  const first = JSON.parse(body.dataset.state);
  const wall = body.classList.contains("display");
  const guest = new URLSearchParams(location.search).has("guest");
  const LOST_MS = 12000, SAID_MS = 30000, RELOAD_MS = 60000, PRICE_MS = 5000, PRICES_MS = 60000;
  const whole = new Intl.NumberFormat(language, { maximumFractionDigits: 0 });
  const tenths = new Intl.NumberFormat(language, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
  const mills = new Intl.NumberFormat(language, { minimumFractionDigits: 3, maximumFractionDigits: 3 });
  const tariffsOf = (state) => state.meters.map((meter) => meter.tariff).join();
  const likes = JSON.parse(body.dataset.like ?? "[]");
  const LIKE_MS = 10000;
  let prices = {}, priced = tariffsOf(first), fitted = "", heard = Date.now(), last = first, lost = false, said = 0, tried = 0, stream;

  const say = (key, places = {}) => words[key].replace(/\{(\w+)\}/g, (_, name) => places[name]);
  // Whole numbers: a quotient of 57.49999 would be 57 here and 58 on a screen.
  const percent = (part, all) => Math.floor((200 * part + all) / (2 * all));
  const kwh = (wh) => `${tenths.format(wh / 1000)}\u202fkWh`;

  function age(seconds) {
    for (const [key, length] of [["days", 86400], ["hours", 3600], ["minutes", 60]]) {
      if (seconds >= 2 * length) return say(key, { n: whole.format(seconds / length) });
    }
    return say("seconds", { n: whole.format(seconds) });
  }

  function put(section, name, text) {
    const place = section.querySelector(`[data-is="${name}"]`);
    const box = place.closest(".card") ?? place;
    box.hidden = text === null;
    if (text !== null && place.textContent !== text) place.textContent = text;
    return box;
  }

  function warn(section, name, on) {
    section.querySelector(`[data-is="${name}"]`).hidden = !on;
  }

  function bar(section, name, share) {
    const filled = section.querySelector(`[data-bar="${name}"]`);
    filled.parentElement.hidden = share === null;
    if (share === null) return;
    filled.style.width = `${Math.max(0, Math.min(100, 100 * share))}%`;
    filled.className = share >= 1 ? "full" : share >= 0.8 ? "high" : "";
  }

  function colour(section, name, value) {
    const box = put(section, name, value === "unknown" ? null : say(`colour_${value}`));
    box.dataset.colour = value;
  }

  function power(section, meter) {
    // On the wall there is room for one number: what is given is worth more than the nothing that is drawn then.
    const giving = wall && Boolean(meter.injected_va) && !meter.drawn_va;
    const big = giving ? meter.injected_va : meter.drawn_va;
    section.classList.toggle("giving", giving);
    put(section, "what", say(giving ? "giving" : "power"));
    put(section, "drawn", big === null ? "–" : whole.format(big));
    const load = meter.subscribed_va && meter.drawn_va !== null ? meter.drawn_va / meter.subscribed_va : null;
    bar(section, "load", giving ? null : load);
    put(section, "load", load === null || giving ? null : say("of_subscribed", {
      percent: whole.format(percent(meter.drawn_va, meter.subscribed_va)), subscribed: whole.format(meter.subscribed_va),
    }));
    put(section, "injected", meter.injected_va && !giving ? say("injected", { power: whole.format(meter.injected_va) }) : null);
  }

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
  function cost(section, meter) {
    const known = prices[meter.meter] ?? {}, hour = known.per_hour ?? null;
    put(section, "cost_hour", hour === null ? null : say("an_hour_now", { cost: mills.format(hour) }));
    put(section, "base_load", (known.base_load_w ?? null) === null ? null : `${whole.format(known.base_load_w)}\u202fW`);
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

  function days(section, meter) {
    const today = meter.drawn_today_wh, yesterday = meter.drawn_yesterday_wh;
    const most = Math.max(today ?? 0, yesterday ?? 0, 1);
    section.querySelector(".days").hidden = today === null && yesterday === null;
    for (const [name, wh] of [["today", today], ["yesterday", yesterday]]) {
      const partial = (meter.partial ?? []).includes(name);
      put(section, name, wh === null ? "–" : partial ? say("at_least", { energy: kwh(wh) }) : kwh(wh));
      const filled = section.querySelector(`[data-bar="${name}"]`);
      filled.style.width = `${(100 * (wh ?? 0)) / most}%`;
    }
    like(section, today ?? 0);
    for (const name of ["injected_today", "produced_today", "self_consumed_today"]) {
      const wh = meter[`${name}_wh`] ?? null;
      // What is counted here and not known is said to be so, and why; of what nobody counts nothing is.
      const doubt = meter.produced_doubt && name !== "injected_today" ? say("unknown") : null;
      put(section, name, wh === null ? doubt : kwh(wh));
    }
    put(section, "doubt", meter.produced_doubt ? say(`doubt_${meter.produced_doubt}`) : null);
  }

  // One thing after the other; of what is less than two of it nothing is said.
  function like(section, wh) {
    const known = likes.filter(([, one]) => wh >= 2 * one);
    const [what, one] = known[Math.floor(Date.now() / LIKE_MS) % known.length] ?? [];
    const n = one && (wh >= 10 * one ? whole : tenths).format(wh / one);
    put(section, "like", one ? say("like", { n, what }) : null);
  }

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

  function phases(section, meter) {
    const known = meter.phases ?? [];
    section.querySelector(".phases").hidden = known.length === 0;
    const rows = known.map((phase) => {
      const row = document.createElement("tr");
      const units = [[phase.va, "VA"], [phase.v, "V"], [phase.a, "A"]];
      const texts = units.map(([value, unit]) => (value === null ? "–" : `${whole.format(value)}\u202f${unit}`));
      [String(phase.phase), ...texts].forEach((text, place) => {
        const cell = document.createElement(place ? "td" : "th");
        if (!place) cell.scope = "row";
        cell.textContent = text;
        row.append(cell);
      });
      return row;
    });
    section.querySelector("tbody").replaceChildren(...rows);
  }

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

  function draw(state) {
    const place = document.getElementById("meters"), template = document.getElementById("meter");
    while (place.children.length < state.meters.length) place.append(template.content.cloneNode(true));
    state.meters.forEach((meter, n) => show(place.children[n], meter, state.meters.length > 1));
    told(state.alerts ?? []);
    aloud(state);
    if (wall) fit();
  }

  // What is shown on the wall changes seldom; only then, and when the screen is turned, is it measured again.
  function fit() {
    const shown = [...document.querySelectorAll("#meters *")].map((element) => Number(element.hidden)).join("");
    const shape = `${innerWidth} ${innerHeight} ${shown}`;
    if (shape === fitted) return;
    fitted = shape;
    const main = document.getElementById("main");
    for (let size = 100; size >= 30; size -= 5) {
      body.style.setProperty("--fit", size / 100);
      if (main.scrollHeight <= innerHeight) return;
    }
  }

  // A screen reader that read every second's value would never fall silent.
  function aloud(state) {
    if (wall || Date.now() - said < SAID_MS) return;
    said = Date.now();
    const known = state.meters.filter((meter) => meter.drawn_va !== null);
    document.getElementById("said").textContent = known
      .map((meter) => say("said", { power: whole.format(meter.drawn_va) })).join(", ");
  }

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

  // The page of links is text: fetched again from time to time, but not from under who reads a detail.
  function follow() {
    const main = document.getElementById("main"), EVERY_MS = 10000;
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
