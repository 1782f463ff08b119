// A recipient's session at its server: of Node and of the browser, each with its own @xmpp/client.
import { Recipient } from "./core/recipient.js";
import { bare, same } from "./core/names.js";
import { Questions } from "./core/questions.js";
import { OURS } from "./core/stanzas.js";
import { Subscribing } from "./core/subscribing.js";
import { INFO, Totals } from "./core/totals.js";
import { ScramSha256 } from "./scram.js";

const DEADLINE_MS = 60_000;
const FORGET_MS = 3_600_000;

/**
 * @typedef {object} Account
 * @property {string} service where its server is, such as xmpps://coop.example:5223 or wss://coop.example/xmpp-websocket
 * @property {string} jid with or without a resource
 * @property {string} password
 */

/**
 * Run a recipient until `stop` of what is returned.
 * @param {any} xmpp @xmpp/client: `client` and `xml`
 * @param {Account} account
 * @param {{gateway: string, branches: string[], store: import("./core/shapes").Store}} what
 * @param {(what: string, more?: string) => void} tell
 */
export function run({ client, xml }, { service, jid, password }, what, tell) {
  const [username, domain] = bare(jid).split("@");
  const entity = client({ service, domain, resource: jid.split("/")[1], credentials: login({ username, password }) });
  // Its own are of no use where a server has no SHA-1 and PLAIN would tell it the password.
  entity.saslFactory._mechs.unshift({ name: "SCRAM-SHA-256", mech: ScramSha256 });
  const questions = new Questions((iq) => entity.send(iq), DEADLINE_MS);
  const recipient = new Recipient({
    ...what,
    make: xml,
    send: (stanza) => entity.send(stanza),
    ask: (iq) => questions.ask(iq),
    now: () => Math.floor(Date.now() / 1000),
    tell,
  });
  const totals = new Totals({ ...what, make: xml });
  entity.iqCallee.get(INFO, "query", () => totals.features());
  entity.iqCallee.get(OURS, "total", (/** @type {any} */ { element, from }) => totals.answer(element, String(from)));
  const subscribing = new Subscribing(recipient, tell);
  entity.on("error", (/** @type {Error} */ error) => tell("offline", error.message));
  entity.on("online", () => {
    tell("online");
    entity
      .send(xml("presence"))
      .then(() => subscribing.begin(true))
      .catch((/** @type {Error} */ error) => tell("offline", error.message));
  });
  entity.on("disconnect", () => {
    subscribing.end();
    tell("offline");
  });
  entity.on("stanza", (/** @type {import("./core/shapes").Element} */ stanza) => {
    if (stanza.name === "message") recipient.hear(stanza);
    if (stanza.name === "iq") questions.hear(stanza);
    if (stanza.name === "presence" && same(stanza.attrs.from ?? "", what.gateway)) subscribing.seen(stanza.attrs.type ?? "");
  });
  const forget = () => what.store.forget(Math.floor(Date.now() / 1000)).catch((error) => tell("not stored", error.message));
  const hourly = setInterval(forget, FORGET_MS);
  forget();
  entity.start().catch((/** @type {Error} */ error) => tell("offline", error.message));
  return {
    async stop() {
      clearInterval(hourly);
      subscribing.end();
      await entity.stop();
    },
  };
}

/** @param {{username: string, password: string}} credentials */
function login(credentials) {
  return async (
    /** @type {(credentials: object, mechanism: string) => Promise<void>} */ authenticate,
    /** @type {string[]} */ mechanisms,
    /** @type {unknown} */ _fast,
    /** @type {{isSecure(): boolean}} */ entity,
  ) => {
    if (!entity.isSecure()) throw new Error("the server offers no TLS: nothing is told to it");
    await authenticate(credentials, mechanisms[0]);
  };
}
