// The page, for this machine alone: its files, and what is in the store, where there is one.
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { curve } from "./core/view.js";

/** @typedef {import("./core/shapes").Store} Store */

const HERE = new URL("./", import.meta.url);
const STATIC = new URL("../../../gateway/web/static/", HERE);
const OWN = [
  "session.js", "scram.js", "store-indexeddb.js", "page/page.js", "page/page.css", "page/words.js", "page/charts.js",
  "page/browser.js", "page/roof.js",
  ...["duration", "granularities", "names", "questions", "recipient", "senml", "sequence", "share", "stanzas", "subscribing", "totals", "view"].map((one) => `core/${one}.js`),
];
const KINDS = { js: "text/javascript; charset=utf-8", css: "text/css; charset=utf-8", html: "text/html; charset=utf-8" };
const HOSTS = /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/;
const SITES = new Set([undefined, "none", "same-origin"]);
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; form-action 'none'; " +
  "base-uri 'none'; frame-ancestors 'none'; connect-src 'self' wss: ws://127.0.0.1:* ws://localhost:*";

/** @param {string} modules the folder of node_modules */
function files(modules) {
  return new Map([
    ["/", new URL("page/index.html", HERE)],
    ...OWN.map((name) => /** @type {const} */ ([`/${name}`, new URL(name, HERE)])),
    ...["uPlot.min.js", "uPlot.min.css"].map((name) => /** @type {const} */ ([`/${name}`, new URL(name, STATIC)])),
    ["/xmpp.min.js", new URL("@xmpp/client/dist/xmpp.min.js", modules)],
  ]);
}

/**
 * Serve until `close`.
 * @param {number} port of 127.0.0.1; 0 takes a free one
 * @param {string} modules
 * @param {Store | null} store
 * @returns {Promise<import("node:http").Server>}
 */
export function serve(port, modules, store) {
  const all = files(modules);
  const server = createServer({ requestTimeout: 30_000, maxHeaderSize: 16_384 }, (request, response) => {
    answer(all, store, request).then(
      ({ status, kind, body }) => {
        response.writeHead(status, {
          "Content-Type": kind, "Content-Security-Policy": POLICY, "X-Content-Type-Options": "nosniff",
          "Referrer-Policy": "no-referrer", "Cache-Control": "no-store", "Cross-Origin-Resource-Policy": "same-origin",
        });
        response.end(request.method === "HEAD" ? undefined : body);
      },
      () => response.writeHead(500).end(),
    );
  });
  server.maxConnections = 50;
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => resolve(server));
  });
}

/**
 * @param {Map<string, URL>} all
 * @param {Store | null} store
 * @param {import("node:http").IncomingMessage} request
 */
async function answer(all, store, { method, headers, url = "/" }) {
  // Another site whose name leads to this machine is not to read along.
  if (!HOSTS.test(headers.host ?? "")) return said(421, "not for this name");
  if (method !== "GET" && method !== "HEAD") return said(405, "GET alone");
  const { pathname, searchParams } = new URL(url, "http://127.0.0.1");
  const file = all.get(pathname);
  if (file) {
    const kind = KINDS[/** @type {keyof typeof KINDS} */ (file.pathname.split(".").at(-1))];
    return { status: 200, kind, body: await readFile(file) };
  }
  if (pathname.startsWith("/api/") && !SITES.has(/** @type {string | undefined} */ (headers["sec-fetch-site"]))) {
    return said(403, "not for another site");
  }
  if (store && pathname === "/api/series") return json(await store.series());
  if (store && pathname === "/api/points") return points(store, searchParams);
  return said(404, "nothing is here");
}

/**
 * @param {Store} store
 * @param {URLSearchParams} asked
 */
async function points(store, asked) {
  const text = (/** @type {string} */ name) => asked.get(name) ?? "";
  const which = { gateway: text("gateway"), name: text("name"), granularity: text("granularity") };
  const [from, to] = [Number(text("from") || NaN), Number(text("to") || NaN)];
  try {
    return json(await curve(store, which, from, to));
  } catch (error) {
    if (error instanceof RangeError) return said(400, error.message);
    throw error;
  }
}

/** @param {unknown} value */
function json(value) {
  return { status: 200, kind: "application/json", body: JSON.stringify(value) };
}

/**
 * @param {number} status
 * @param {string} words
 */
function said(status, words) {
  return { status, kind: "text/plain; charset=utf-8", body: words };
}
