// What every page does: it is kept for when the gateway is away, and hears what the meters say (event "house").

/** @type {House | null} */
const first = JSON.parse(document.body.dataset.state ?? "null");
const guest = new URLSearchParams(location.search).has("guest");
const LOST_MS = 12000;
const RELOAD_MS = 60000;
const FOLLOW_MS = 10000;
const AGAIN_MS = 15000;

// When something was heard last; whether the stream is lost, and when another one was asked for.
let heard = Date.now();
let lost = false;
let tried = 0;
/** @type {EventSource | undefined} */
let stream;

/** @type {(state: House | null) => void} */
function tell(state) {
  document.dispatchEvent(new CustomEvent("house", { detail: { state, lost } }));
}

/** @type {(event: MessageEvent<string>) => void} */
function hear(event) {
  heard = Date.now();
  lost = false;
  /** @type {House} */
  const state = JSON.parse(event.data);
  // A page that the browser had kept has been of use until the gateway is heard again.
  if (state.page !== first?.page || document.documentElement.classList.contains("kept")) location.reload();
  tell(state);
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
  tell(null);
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
  const { href } = /** @type {HTMLLinkElement} */ (document.querySelector("link[rel=stylesheet]"));
  const about = new URLSearchParams({ lang: document.documentElement.lang, style: href.slice(location.origin.length) });
  /** @type {(kept: boolean) => void} */
  const done = (kept) => { document.dispatchEvent(new CustomEvent("worker", { detail: kept })); };
  navigator.serviceWorker.register(`/worker.js?${about}`).then(() => done(true), () => done(false));
}

// The page of links is text: fetched again from time to time, but not from under who reads a detail.
/** @type {(main: Element) => void} */
function follow(main) {
  let due = 0;
  new EventSource("/events").onmessage = () => {
    const busy = document.hidden || main.contains(document.activeElement) || main.querySelector("details[open]");
    if (busy || Date.now() < due) return;
    due = Date.now() + FOLLOW_MS;
    fetch(location.href).then((answer) => (answer.ok && !answer.redirected ? answer.text() : null), () => null)
      .then((text) => {
        const fresh = text && new DOMParser().parseFromString(text, "text/html").getElementById("main");
        if (fresh) main.replaceChildren(...fresh.childNodes);
      });
  };
}

// The page that says that nobody answers stands at the address that was asked for: a screen on the wall comes back.
function comeBack() {
  setInterval(() => fetch(location.href).then((answer) => { if (answer.ok) location.reload(); }, () => {}), AGAIN_MS);
}

const place = document.getElementById("main");
if (location.protocol === "https:" && navigator.serviceWorker) keepOffline();
if (place && document.getElementById("follow")) follow(place);
if (document.querySelector(".of-nobody")) comeBack();
if (first) {
  tell(first);
  listen();
  setInterval(watch, 1000);
}

// An invitation stands behind the # of its link: what a sign-in leads away from is there again behind it (join.js).
if (/^#[0-9][\w-]{128,}$/.test(location.hash)) sessionStorage.setItem("invitation", location.hash);
