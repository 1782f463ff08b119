// The recipient within the browser: an account, a WebSocket to its server, IndexedDB.
import { split } from "../core/names.js";
import { curve } from "../core/view.js";
import { run } from "../session.js";
import { IndexedDbStore } from "../store-indexeddb.js";
import { words } from "./words.js";

const KEPT = "account";
const LIBRARY = "xmpp.min.js";
const QUIET = new Set(["no history"]);

/** @returns {Promise<any>} @xmpp/client, which is a script and no module */
function library() {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = LIBRARY;
    script.onload = () => resolve(/** @type {any} */ (window).XMPP);
    script.onerror = () => reject(new Error(LIBRARY));
    document.head.append(script);
  });
}

export class Browser {
  /**
   * @param {HTMLFormElement} form
   * @param {HTMLElement} link
   */
  static async open(form, link) {
    const browser = new Browser(form, link, await IndexedDbStore.open());
    browser.offer();
    return browser;
  }

  /**
   * @param {HTMLFormElement} form
   * @param {HTMLElement} link
   * @param {IndexedDbStore} store
   */
  constructor(form, link, store) {
    this.form = form;
    this.link = link;
    this.store = store;
    this.said = "";
  }

  series() {
    return this.store.series();
  }

  /**
   * @param {import("../core/shapes").Series} which
   * @param {number} from
   * @param {number} to
   */
  curve(which, from, to) {
    return curve(this.store, which, from, to);
  }

  offer() {
    const kept = JSON.parse(localStorage.getItem(KEPT) ?? "{}");
    for (const [name, value] of Object.entries(kept)) {
      const field = this.form.elements.namedItem(name);
      if (field instanceof HTMLInputElement) field.value = String(value);
    }
    this.form.hidden = false;
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.receive(Object.fromEntries(new FormData(this.form)));
    });
  }

  /** @param {Record<string, any>} account */
  async receive({ password, ...account }) {
    const { jid, service, gateway, branch } = account;
    const wrong = [
      [jid, /^[^\s@/]+@[^\s@/]+(\/\S+)?$/.test(jid)],
      [service, /^wss:\/\/\S+$|^ws:\/\/(localhost|127\.0\.0\.1)[:/]\S*$/.test(service)],
      [gateway, /^[^\s@/]+@[^\s@/]+\/\S+$/.test(gateway)],
      [branch, split(branch) !== null],
    ].find(([, right]) => !right);
    if (wrong) {
      this.tell(words("wrong") + wrong[0]);
      return;
    }
    localStorage.setItem(KEPT, JSON.stringify(account));
    const xmpp = await library();
    // Two tabs of one account would take each other's session.
    navigator.locks.request("receive", { ifAvailable: true }, (lock) => {
      if (!lock) {
        this.tell("elsewhere");
        return undefined;
      }
      this.form.hidden = true;
      navigator.storage?.persist?.();
      run(xmpp, { service, jid, password }, { gateway, branches: [branch], store: this.store }, (what) => this.tell(what));
      return new Promise(() => {});
    });
  }

  /** @param {string} what */
  tell(what) {
    if (QUIET.has(what)) return;
    this.said = what;
    this.repeat();
  }

  repeat() {
    this.link.hidden = this.said === "";
    this.link.textContent = words(this.said);
  }
}
