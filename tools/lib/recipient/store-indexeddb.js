// What was received, in the browser's IndexedDB. A commit is done when the browser says it is on the disk.
import { touches } from "./core/recipient.js";
import { BEGINNING } from "./core/sequence.js";

/** @typedef {import("./core/shapes").Point} Point */
/** @typedef {import("./core/shapes").Store} Store */
/** @typedef {import("./core/shapes").Change} Change */

const NAME = "linky-recipient";
const LAST = Number.MAX_SAFE_INTEGER;

/**
 * @template T
 * @param {IDBRequest<T>} request
 * @returns {Promise<T>}
 */
function got(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** @implements {Store} */
export class IndexedDbStore {
  /** @param {IDBDatabase} database */
  constructor(database) {
    this.database = database;
  }

  static async open(name = NAME) {
    const opening = indexedDB.open(name, 1);
    opening.onupgradeneeded = () => {
      const made = opening.result;
      made.createObjectStore("gateway", { keyPath: "jid" });
      made.createObjectStore("series", { keyPath: ["gateway", "name", "granularity"] });
      made.createObjectStore("point", { keyPath: ["gateway", "name", "granularity", "time"] }).createIndex("keep", "keepUntil");
      made.createObjectStore("notice", { keyPath: ["gateway", "id"] });
    };
    return new IndexedDbStore(await got(opening));
  }

  /**
   * @param {string} store
   * @param {IDBValidKey} key
   */
  async one(store, key) {
    return got(this.database.transaction(store).objectStore(store).get(key));
  }

  /** @param {string} gateway */
  async progress(gateway) {
    return (await this.one("gateway", gateway))?.progress ?? BEGINNING;
  }

  /** @param {string} gateway */
  async limits(gateway) {
    return (await this.one("gateway", gateway))?.limits ?? [];
  }

  /**
   * @param {string} gateway
   * @param {string} id
   */
  async obeyed(gateway, id) {
    return (await this.one("notice", [gateway, id])) !== undefined;
  }

  /** @param {import("./core/shapes").Change} change */
  async commit(change) {
    await this.transaction(["gateway", "series", "point", "notice"], (stores) => this.write(stores, change));
  }

  /**
   * @param {Record<string, IDBObjectStore>} stores
   * @param {Change} change
   */
  async write(stores, { gateway, progress, points, replace, erase, limits, notice }) {
    if (progress || limits) {
      const before = (await got(stores.gateway.get(gateway))) ?? { jid: gateway, progress: BEGINNING, limits: [] };
      stores.gateway.put({ ...before, ...(progress && { progress }), ...(limits && { limits }) });
    }
    await this.add(stores, gateway, points ?? [], replace ?? false);
    await this.erase(stores, gateway, erase ?? []);
    if (notice) stores.notice.put({ gateway, ...notice });
  }

  /**
   * What comes twice is stored once; what is rectified is replaced, but never by what was numbered before.
   * @param {Record<string, IDBObjectStore>} stores
   * @param {string} gateway
   * @param {Point[]} points
   * @param {boolean} replace
   */
  async add(stores, gateway, points, replace) {
    for (const point of points) {
      const { name, granularity, unit, ...rest } = point;
      const before = await got(stores.point.get([gateway, name, granularity, point.time]));
      if (before && !(replace && (point.number === 0 || point.number >= before.number))) continue;
      if (!before) stores.series.put({ gateway, name, granularity, unit });
      const number = Math.max(point.number, before?.number ?? 0);
      stores.point.put({ ...rest, gateway, name, granularity, number });
    }
  }

  /**
   * @param {Record<string, IDBObjectStore>} stores
   * @param {string} gateway
   * @param {import("./core/shapes").Part[]} parts
   */
  async erase(stores, gateway, parts) {
    for (const part of parts) {
      for (const { gateway: whose, name, granularity } of await got(stores.series.getAll())) {
        if (whose !== gateway || !touches(part, { name, granularity })) continue;
        stores.point.delete(this.range({ gateway, name, granularity }, part.first, part.last));
      }
    }
  }

  /**
   * @param {import("./core/shapes").Which} which
   * @param {number} first
   * @param {number} last included
   */
  range({ gateway, name, granularity }, first = 0, last = LAST) {
    const key = [gateway, name, granularity];
    return IDBKeyRange.bound([...key, first], [...key, last]);
  }

  /** @param {number} now */
  async forget(now) {
    await this.transaction(["point"], async ({ point }) => {
      const keys = await got(point.index("keep").getAllKeys(IDBKeyRange.upperBound(now)));
      for (const key of keys) point.delete(key);
    });
  }

  async series() {
    const stores = this.database.transaction(["series", "point"]);
    const point = stores.objectStore("point");
    /** @type {import("./core/shapes").Series[]} */
    const found = [];
    for (const which of await got(stores.objectStore("series").getAll())) {
      const range = this.range(which);
      const count = await got(point.count(range));
      if (!count) continue;
      const [first, last] = [await got(point.openKeyCursor(range, "next")), await got(point.openKeyCursor(range, "prev"))];
      const time = (/** @type {IDBCursor | null} */ cursor) => Number(/** @type {any[]} */ (cursor?.key ?? [])[3]);
      found.push({ ...which, count, first: time(first), last: time(last) });
    }
    return found;
  }

  /**
   * @param {import("./core/shapes").Which} which
   * @param {number} from
   * @param {number} to not included
   */
  async points(which, from, to) {
    return got(this.database.transaction("point").objectStore("point").getAll(this.range(which, from, to - 1)));
  }

  /**
   * All of it, or nothing.
   * @param {string[]} names
   * @param {(stores: Record<string, IDBObjectStore>) => Promise<void>} work
   */
  async transaction(names, work) {
    const transaction = this.database.transaction(names, "readwrite", { durability: "strict" });
    const done = new Promise((resolve, reject) => {
      transaction.oncomplete = () => resolve(undefined);
      transaction.onabort = () => reject(transaction.error ?? new Error("the browser stored nothing"));
    });
    try {
      await work(Object.fromEntries(names.map((name) => [name, transaction.objectStore(name)])));
    } catch (error) {
      transaction.abort();
      await done.catch(() => {});
      throw error;
    }
    await done;
  }
}
