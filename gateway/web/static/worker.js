"use strict";
// Kept by the browser for when the gateway does not answer: the first page as it was seen last, and one page that says
// so. What comes from the gateway goes before; what is kept goes with the sign-out and with the password. And by it the
// browser shows the notices that it is sent (gateway/notices/ways/push.py).
(() => {
  /** @type {Keeper} */
  const keeper = /** @type {any} */ (self);
  const asked = new URL(location.href).searchParams;
  const page = `/offline?lang=${asked.get("lang")}`;
  const style = asked.get("style") ?? "";
  // Another language, another style: another store, and the one before goes. What was seen outlasts both.
  const name = location.search;
  const SEEN = "seen";
  const HOME = "/";
  const OUT = "/logout";
  const LONGEST_MS = 7 * 86400000;
  // After these nobody is signed in any more, or not with the password of before.
  const LEAVING = ["/login", "/setup", "/access/password"];

  // How often what was seen has been forgotten: what was asked for before is not kept after.
  let forgotten = 0;

  async function keep() {
    const store = await caches.open(name);
    await store.addAll([page, style]);
    await store.addAll(filesOf(await (await store.match(page))?.text()));
    await keeper.skipWaiting();
  }

  /** @type {(text?: string) => string[]} */
  const filesOf = (text) => text?.match(/\/static\/[^"]+\.(css|js)\?[^"]+/g) ?? [];

  async function tidy() {
    for (const other of await caches.keys()) {
      if (other !== name && other !== SEEN) await caches.delete(other);
    }
    await keeper.clients.claim();
    // It was looked at before this was here to see it.
    await look(new Request(HOME)).then((seen) => seen.noted, () => {});
  }

  async function forget() {
    forgotten += 1;
    await caches.delete(SEEN);
  }

  // Nobody is told here any more either, whether the gateway hears of it or not: it is told by the push service.
  async function leave() {
    await forget();
    await (await keeper.registration.pushManager.getSubscription())?.unsubscribe();
  }

  /** @type {(response: Response, began: Beginning) => Promise<void>} */
  async function remember(response, began) {
    const text = await response.text();
    const files = filesOf(text);
    const headers = { "Seen": String(began.at) };
    for (const header of ["Content-Type", "Content-Security-Policy"]) {
      Object.assign(headers, { [header]: response.headers.get(header) ?? "" });
    }
    const store = await caches.open(SEEN);
    const known = await store.keys();
    const needed = new Set([HOME, ...files].map((path) => new URL(path, location.origin).href));
    for (const one of needed) {
      if (new URL(one).pathname !== HOME && !known.some((other) => other.url === one)) await store.add(one);
    }
    for (const one of known) {
      if (!needed.has(one.url)) await store.delete(one);
    }
    if (began.forgotten !== forgotten) await forget();
    else if (!(await seenAfter(store, began.at))) await store.put(HOME, new Response(text, { headers }));
  }

  // An answer that took long, in the language of before perhaps, does not take the place of a later one. What bears a
  // time to come was kept by a clock that was wrong.
  /** @type {(store: Cache, moment: number) => Promise<boolean>} */
  async function seenAfter(store, moment) {
    const seen = Number((await store.match(HOME))?.headers.get("Seen"));
    return seen > moment && seen <= Date.now();
  }

  /** @type {(moment: number) => string} */
  const dayOf = (moment) => new Intl.DateTimeFormat("en", { timeZone: "Europe/Paris" }).format(moment);

  async function remembered() {
    const found = await caches.match(HOME, { cacheName: SEEN });
    const seen = Number(found?.headers.get("Seen"));
    if (!found || Date.now() - seen > LONGEST_MS) return null;
    const old = dayOf(seen) === dayOf(Date.now()) ? "kept" : "kept past";
    const text = (await found.text()).replace("<html ", `<html class="${old}" `);
    return new Response(text, { headers: found.headers });
  }

  // Where somebody who is signed in no more is led away from the first page, nothing of it stays.
  /** @type {(request: Request, response: Response, began: Beginning) => Promise<void>} */
  async function note(request, response, began) {
    const { pathname } = new URL(request.url);
    if (pathname === OUT) await leave();
    else if (LEAVING.includes(pathname)) await forget();
    if (pathname === HOME && (response.redirected || response.type === "opaqueredirect")) await forget();
    else if (pathname === HOME && response.ok) await remember(response, began);
  }

  /** @type {(request: Request) => Promise<{ response: Response, noted: Promise<void> }>} */
  async function look(request) {
    const began = { forgotten, at: Date.now() };
    const response = await fetch(request);
    // A second copy of a whole file that is loaded, of a backup say, would be kept until it is there.
    const copy = new URL(request.url).pathname === HOME ? response.clone() : response;
    // Whatever a full or broken store says, the page is shown.
    return { response, noted: note(request, copy, began).catch(() => {}) };
  }

  /** @type {(event: FetchedByPage) => Promise<Response>} */
  async function visit(event) {
    try {
      const { response, noted } = await look(event.request);
      event.waitUntil(noted);
      return response;
    } catch (error) {
      if (new URL(event.request.url).pathname === OUT) event.waitUntil(leave().catch(() => {}));
      const kept = event.request.mode === "navigate" ? await instead(event.request).catch(() => null) : null;
      if (kept) return kept;
      throw error;
    }
  }

  /** @type {(request: Request) => Promise<Response | null>} */
  async function instead(request) {
    const seen = new URL(request.url).pathname === HOME ? await remembered() : null;
    return seen ?? (await caches.match(page)) ?? null;
  }

  // The address of a file changes with what is in it, so what is kept of one is never that of another version.
  /** @type {(request: Request) => Promise<Response>} */
  async function file(request) {
    try {
      return await fetch(request);
    } catch (error) {
      const found = await caches.match(request.url, { ignoreVary: true });
      if (found) return found;
      throw error;
    }
  }

  // Whatever was sent, something has to be shown: a browser that shows nothing takes the permission back.
  /** @type {(sent: PushedText | null) => Promise<void>} */
  async function tell(sent) {
    /** @type {Partial<Pushed>} */
    let said = {};
    try {
      said = sent?.json() ?? {};
    } catch {
      // It is of nobody that we know.
    }
    await keeper.registration.showNotification(said.title ?? "Linky", {
      body: said.text,
      lang: said.lang,
      tag: said.tag,
      requireInteraction: said.urgent,
      data: said.path,
      icon: "/static/icon-192.png",
      badge: "/static/badge-96.png",
    });
  }

  // The page that is wanted where it is open, else a new one: another may be a screen on the wall, or half filled in.
  /** @type {(path: unknown) => Promise<void>} */
  async function lead(path) {
    const named = new URL(typeof path === "string" ? path : HOME, location.origin);
    const wanted = named.origin === location.origin ? named : new URL(HOME, location.origin);
    const windows = await keeper.clients.matchAll({ type: "window" });
    const open = windows.find((one) => new URL(one.url).pathname === wanted.pathname);
    if (!open) await keeper.clients.openWindow(wanted.href);
    else await (await open.navigate(wanted.href))?.focus();
  }

  keeper.addEventListener("push", (event) => event.waitUntil(tell(event.data)));
  keeper.addEventListener("notificationclick", (event) => {
    event.notification.close();
    event.waitUntil(lead(event.notification.data));
  });
  keeper.addEventListener("install", (event) => event.waitUntil(keep()));
  keeper.addEventListener("activate", (event) => event.waitUntil(tidy()));
  keeper.addEventListener("fetch", (event) => {
    const { origin, pathname } = new URL(event.request.url);
    if (origin !== location.origin) return;
    if (event.request.mode === "navigate" || pathname === HOME) event.respondWith(visit(event));
    else if (pathname.startsWith("/static/")) event.respondWith(file(event.request));
  });
})();
