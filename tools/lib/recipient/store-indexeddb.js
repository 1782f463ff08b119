// What was received, in the browser's IndexedDB. A commit is done when the browser says it is on the disk.
import { MOST_SERIES, NOTICE_S, touches } from "./core/recipient.js";
import { BEGINNING } from "./core/sequence.js";
import { Steps } from "./core/view.js";

/** @typedef {import("./core/shapes").Point} Point */
/** @typedef {import("./core/shapes").Store} Store */
/** @typedef {import("./core/shapes").Change} Change */

const NAME = "linky-recipient";
const LAST = Number.MAX_SAFE_INTEGER;
const AT_ONCE = 2_000;

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
      if (!before) await this.name(stores, { gateway, name, granularity, unit });
      const number = Math.max(point.number, before?.number ?? 0);
      stores.point.put({ ...rest, gateway, name, granularity, number });
    }
  }

  /**
   * @param {Record<string, IDBObjectStore>} stores
   * @param {import("./core/shapes").Which & {unit: string}} series
   */
  async name({ series: all }, series) {
    const { gateway, name, granularity } = series;
    if (await got(all.getKey([gateway, name, granularity]))) return;
    const count = await got(all.count(IDBKeyRange.bound([gateway], [gateway, []])));
    if (count >= MOST_SERIES) throw new Error(`more than ${MOST_SERIES} series of ${gateway}`);
    all.put(series);
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
    if (parts.length) await this.clear(stores);
  }

  /**
   * Series without points go.
   * @param {Record<string, IDBObjectStore>} stores
   */
  async clear({ series, point }) {
    for (const which of await got(series.getAll())) {
      if (await got(point.getKey(this.range(which)))) continue;
      series.delete([which.gateway, which.name, which.granularity]);
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
    await this.transaction(["series", "point", "notice"], async (stores) => {
      const keys = await got(stores.point.index("keep").getAllKeys(IDBKeyRange.upperBound(now)));
      for (const key of keys) stores.point.delete(key);
      await this.clear(stores);
      for (const { gateway, id, at } of await got(stores.notice.getAll())) {
        if (at < now - NOTICE_S) stores.notice.delete([gateway, id]);
      }
    });
  }

  async series() {
    const stores = this.database.transaction(["series", "point"]);
    const point = stores.objectStore("point");
    /** @type {import("./core/shapes").Series[]} */
    const found = [];
    for (const which of await got(stores.objectStore("series").getAll())) {
      const range = this.range(which);
      const [first, last] = [await got(point.openKeyCursor(range, "next")), await got(point.openKeyCursor(range, "prev"))];
      if (!first || !last) continue;
      const time = (/** @type {IDBCursor} */ cursor) => Number(/** @type {any[]} */ (cursor.key)[3]);
      found.push({ ...which, first: time(first), last: time(last) });
    }
    return found;
  }

  /**
   * @param {import("./core/shapes").Which} which
   * @param {number} from
   * @param {number} to not included
   * @param {number} most
   */
  async points(which, from, to, most) {
    return got(this.database.transaction("point").objectStore("point").getAll(this.range(which, from, to - 1), most));
  }

  /**
   * @param {import("./core/shapes").Which} which
   * @param {number} from
   * @param {number} to not included
   * @param {number} step seconds
   */
  async steps(which, from, to, step) {
    const steps = new Steps(step);
    for (let [next, more] = [from, true]; more && next < to; ) {
      const points = await this.points(which, next, to, AT_ONCE);
      for (const point of points) steps.add(point);
      more = points.length === AT_ONCE;
      next = (points.at(-1)?.time ?? to) + 1;
    }
    return steps.found;
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
