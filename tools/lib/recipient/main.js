// tools/recipient: what is typed, the file, the session, the page.
import process from "node:process";
import { existsSync, readFileSync, statSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { plain, split } from "./core/names.js";
import { serve } from "./server.js";
import { run } from "./session.js";
import { SqliteStore } from "./store-sqlite.js";

// Where the launcher has put the packages: not beside this file, as the checkout is left as it is.
const MODULES = pathToFileURL(`${process.env.LINKY_RECIPIENT_MODULES}/node_modules/`).href;

const JID = /^[^\s"&'/:<>@]{1,256}@[A-Za-z0-9._-]{1,255}(\/[^\s]{1,256})?$/;
const MOST_SERIES = 50;
const WORDS = /** @type {const} */ ({
  jid: { type: "string" },
  "password-file": { type: "string" },
  server: { type: "string" },
  gateway: { type: "string" },
  series: { type: "string", multiple: true },
  store: { type: "string" },
  page: { type: "string" },
});

/** What a person typed and has to change. */
class Usage extends Error {}

/**
 * @param {string | undefined} value
 * @param {string} name
 */
function needed(value, name) {
  if (!value) throw new Usage(`--${name} is missing: tools/recipient --help says what it is`);
  return value;
}

/** @param {string} path */
function password(path) {
  if (!existsSync(path)) throw new Usage(`--password-file ${path}: there is no such file`);
  if (statSync(path).mode & 0o077) throw new Usage(`${path} can be read by others: chmod 600 ${path}`);
  const words = readFileSync(path, "utf8").split("\n")[0].trim();
  if (!words) throw new Usage(`${path} is empty: its first line is the password`);
  return words;
}

/** @param {string} text */
function port(text) {
  const number = /^\d{1,5}$/.test(text) ? Number(text) : NaN;
  if (!(number <= 65_535)) throw new Usage(`--page ${text}: expected the number of a port, such as 8088`);
  return number;
}

/** @param {Record<string, any>} words */
function account(words) {
  const jid = needed(words.jid, "jid");
  const gateway = needed(words.gateway, "gateway");
  const branches = words.series ?? [];
  if (!JID.test(jid)) throw new Usage(`--jid ${jid}: expected an address such as coop@coop.example`);
  if (!JID.test(gateway) || !gateway.includes("/")) {
    throw new Usage(`--gateway ${gateway}: expected the full address, such as maison@home.example/proxy`);
  }
  if (!branches.length || branches.length > MOST_SERIES) throw new Usage(`--series is needed, at most ${MOST_SERIES} times`);
  const wrong = branches.find((/** @type {string} */ one) => !split(one));
  if (wrong) throw new Usage(`--series ${wrong}: expected a name such as maison:home.example/ab12:home.example/consumption`);
  const service = words.server ?? `xmpp://${jid.split("@")[1].split("/")[0]}`;
  if (!/^(xmpps?|wss):\/\/\S+$/.test(service)) throw new Usage(`--server ${service}: expected xmpp://HOST:PORT, xmpps:// or wss://`);
  return { jid, gateway, branches, service, password: password(needed(words["password-file"], "password-file")) };
}

/**
 * @param {string} what
 * @param {string} [more]
 */
function tell(what, more) {
  process.stderr.write(`${new Date().toISOString()} ${plain(what)}${more ? `: ${plain(more)}` : ""}\n`);
}

async function main() {
  const { values, positionals } = typed();
  const [task] = positionals;
  if (positionals.length !== 1 || !["receive", "show", "browser"].includes(task)) {
    throw new Usage("expected one of the words receive, show, browser: tools/recipient --help");
  }
  const who = task === "receive" ? account(values) : null;
  const at = task === "receive" ? values.page : needed(values.page, "page");
  const number = at === undefined ? null : port(at);
  const path = task === "browser" ? "" : needed(values.store, "store");
  if (task === "show" && !existsSync(path)) throw new Usage(`--store ${path}: there is no such file`);
  const store = path ? SqliteStore.open(MODULES, path) : null;
  /** @type {(() => Promise<unknown> | void)[]} */
  const ends = [];
  if (number !== null) ends.push(await page(number, store));
  if (who && store) {
    const running = run(await import(new URL("@xmpp/client/index.js", MODULES).href), who, { gateway: who.gateway, branches: who.branches, store }, tell);
    ends.push(() => running.stop());
  }
  const end = async () => {
    setTimeout(() => process.exit(0), 5_000).unref();
    for (const one of ends) await one();
    store?.close();
    process.exit(0);
  };
  process.once("SIGTERM", end);
  process.once("SIGINT", end);
}

/**
 * @param {number} number
 * @param {SqliteStore | null} store
 */
async function page(number, store) {
  const server = await serve(number, MODULES, store).catch((error) => {
    throw new Usage(`--page ${number}: ${error.code === "EADDRINUSE" ? "another program has this port" : error.message}`);
  });
  const { port: taken } = /** @type {import("node:net").AddressInfo} */ (server.address());
  tell("page", `http://127.0.0.1:${taken}/`);
  return () => {
    server.close();
    server.closeAllConnections();
  };
}

function typed() {
  try {
    return parseArgs({ options: WORDS, allowPositionals: true });
  } catch (error) {
    throw new Usage(/** @type {Error} */ (error).message);
  }
}

main().catch((error) => {
  if (!(error instanceof Usage || error.name === "SQLite3Error")) throw error;
  process.stderr.write(`tools/recipient: ${error.message}\n`);
  process.exit(2);
});
