"use strict";
// Kept by the browser: shows one page when the gateway does not answer. Nothing that the meter says is kept.
(() => {
  /** @type {Keeper} */
  const keeper = /** @type {any} */ (self);
  const asked = new URL(location.href).searchParams;
  const page = `/offline?lang=${asked.get("lang")}`;
  const style = asked.get("style") ?? "";
  // Another language, another style: another store, and the one before goes.
  const name = location.search;

  async function keep() {
    const store = await caches.open(name);
    await store.addAll([page, style]);
    await keeper.skipWaiting();
  }

  async function tidy() {
    for (const other of await caches.keys()) {
      if (other !== name) await caches.delete(other);
    }
    await keeper.clients.claim();
  }

  /** @type {(request: Request, kept: string) => Promise<Response>} */
  async function answer(request, kept) {
    try {
      return await fetch(request);
    } catch (error) {
      const found = await caches.match(kept);
      if (found) return found;
      throw error;
    }
  }

  keeper.addEventListener("install", (event) => event.waitUntil(keep()));
  keeper.addEventListener("activate", (event) => event.waitUntil(tidy()));
  keeper.addEventListener("fetch", (event) => {
    if (event.request.mode === "navigate") event.respondWith(answer(event.request, page));
    else if (event.request.url.endsWith(style)) event.respondWith(answer(event.request, style));
  });
})();
