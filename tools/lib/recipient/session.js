// A recipient's session at its server: of Node and of the browser, each with its own @xmpp/client.
import { condition, Recipient } from "./core/recipient.js";
import { bare, same } from "./core/names.js";
import { Questions } from "./core/questions.js";
import { OURS } from "./core/stanzas.js";
import { INFO, Totals } from "./core/totals.js";
import { ScramSha256 } from "./scram.js";

const DEADLINE_MS = 60_000;
const FIRST_WAIT_MS = 2_000;
const LONGEST_WAIT_MS = 300_000;
const FORGET_MS = 3_600_000;
// What comes so soon after one's own presence may be its answer: to answer that in turn would go on for ever.
const ANSWER_MS = 10_000;

/** Subscribes until it succeeds, less and less often (C37). */
class Subscribing {
  /**
   * @param {Recipient} recipient
   * @param {(what: string, more?: string) => void} tell
   */
  constructor(recipient, tell) {
    this.recipient = recipient;
    this.tell = tell;
    this.wait = FIRST_WAIT_MS;
    this.gone = false;
    this.shown = -Infinity;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    this.busy = false;
  }

  /** @param {boolean} fresh whether a session begins */
  async begin(fresh = false) {
    if (fresh) {
      this.recipient.begin();
      this.wait = FIRST_WAIT_MS;
    }
    clearTimeout(this.timer);
    if (this.busy) return;
    this.busy = true;
    this.shown = performance.now();
    try {
      await this.recipient.subscribe();
      this.wait = FIRST_WAIT_MS;
    } catch (error) {
      this.tell(condition(error) === "not-authorized" ? "no consent" : "not subscribed", /** @type {Error} */ (error).message);
      this.wait = Math.min(2 * this.wait, LONGEST_WAIT_MS);
      this.timer = setTimeout(() => this.begin(), this.wait * (0.5 + Math.random()));
    } finally {
      this.busy = false;
    }
  }

  /**
   * One that went without a word, of which no server tells, shows itself again and again until it is answered (C24).
   * @param {string} type of a presence of the gateway
   */
  seen(type) {
    if (type === "unavailable") this.gone = true;
    else if (type === "" && (this.gone || performance.now() > this.shown + ANSWER_MS)) {
      this.gone = false;
      this.begin();
    }
  }

  end() {
    clearTimeout(this.timer);
  }
}

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
