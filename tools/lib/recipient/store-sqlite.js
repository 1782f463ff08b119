// What was received, in one SQLite file: of Node alone. One process at a time has it (tools/recipient holds a lock).
import { rmSync } from "node:fs";
import { createRequire } from "node:module";
import { MOST_SERIES, NOTICE_S, touches } from "./core/recipient.js";
import { BEGINNING } from "./core/sequence.js";

/** @typedef {import("./core/shapes").Change} Change */
/** @typedef {import("./core/shapes").Point} Point */
/** @typedef {import("./core/shapes").Store} Store */

const VERSION = 1;
const SCHEMA = `
CREATE TABLE gateway (jid TEXT PRIMARY KEY, progress TEXT NOT NULL, limits TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE series (
  id INTEGER PRIMARY KEY, gateway TEXT NOT NULL, name TEXT NOT NULL, granularity TEXT NOT NULL, unit TEXT NOT NULL,
  UNIQUE (gateway, name, granularity));
CREATE TABLE point (
  series INTEGER NOT NULL REFERENCES series, time INTEGER NOT NULL, value REAL, text TEXT,
  number INTEGER NOT NULL, keep_until INTEGER NOT NULL, PRIMARY KEY (series, time)) WITHOUT ROWID;
CREATE INDEX point_keep ON point (keep_until);
CREATE TABLE notice (gateway TEXT NOT NULL, id TEXT NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (gateway, id)) WITHOUT ROWID;
PRAGMA user_version = ${VERSION};`;
// What comes twice is stored once; what is rectified is replaced, but never by what was numbered before.
const ADD = "INSERT INTO point VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO";
const KEEP = `${ADD} NOTHING`;
const REPLACE = `${ADD} UPDATE SET value = excluded.value, text = excluded.text, keep_until = excluded.keep_until,
  number = max(number, excluded.number) WHERE excluded.number = 0 OR excluded.number >= number`;

const EMPTY = "DELETE FROM series WHERE NOT EXISTS (SELECT 1 FROM point WHERE series = id)";
const STEPS = `
WITH seen AS NOT MATERIALIZED (
  SELECT time - time % ? AS begin, time, value, text FROM point JOIN series ON series = id
  WHERE gateway = ? AND name = ? AND granularity = ? AND time >= ? AND time < ?)
SELECT begin AS time, avg(value) AS value, NULL AS text, min(value) AS low, max(value) AS high
FROM seen WHERE value IS NOT NULL GROUP BY begin
UNION ALL
SELECT max(time), NULL, text, NULL, NULL FROM seen WHERE value IS NULL GROUP BY begin ORDER BY 1`;

/** @implements {Store} */
export class SqliteStore {
  /**
   * @param {string} modules the address of node_modules
   * @param {string} path
   */
  static open(modules, path) {
    // The library marks its lock by a folder, which a killed process leaves; that nobody else runs was made sure of.
    rmSync(`${path}.lock`, { recursive: true, force: true });
    const { Database } = createRequire(modules)("node-sqlite3-wasm");
    return new SqliteStore(new Database(path), path);
  }

  /**
   * @param {any} database
   * @param {string} path
   */
  constructor(database, path) {
    this.database = database;
    this.database.exec("PRAGMA synchronous = FULL; PRAGMA locking_mode = EXCLUSIVE; PRAGMA secure_delete = ON");
    const version = Number(this.database.get("PRAGMA user_version")?.user_version);
    if (version > VERSION) throw new Error(`${path} was written by a newer version: update this program`);
    if (version === 0) this.transaction(() => this.database.exec(SCHEMA));
  }

  close() {
    this.database.close();
  }

  /** @param {string} gateway */
  async progress(gateway) {
    return this.of(gateway).progress;
  }

  /** @param {string} gateway */
  async limits(gateway) {
    return this.of(gateway).limits;
  }

  /** @param {string} gateway */
  of(gateway) {
    const row = this.database.get("SELECT progress, limits FROM gateway WHERE jid = ?", [gateway]);
    if (!row) return { progress: BEGINNING, limits: [] };
    return { progress: JSON.parse(String(row.progress)), limits: JSON.parse(String(row.limits)) };
  }

  /**
   * @param {string} gateway
   * @param {string} id
   */
  async obeyed(gateway, id) {
    return this.database.get("SELECT 1 FROM notice WHERE gateway = ? AND id = ?", [gateway, id]) !== null;
  }

  /** @param {Change} change */
  async commit(change) {
    this.transaction(() => this.write(change));
  }

  /** @param {Change} change */
  write({ gateway, progress, points = [], replace = false, erase = [], limits, notice }) {
    const run = (/** @type {string} */ sql, /** @type {any[]} */ values) => this.database.run(sql, values);
    const before = this.of(gateway);
    if (progress || limits) {
      const both = [JSON.stringify(progress ?? before.progress), JSON.stringify(limits ?? before.limits)];
      run("INSERT OR REPLACE INTO gateway VALUES (?, ?, ?)", [gateway, ...both]);
    }
    for (const point of points) {
      const { time, value, text, number, keepUntil } = point;
      run(replace ? REPLACE : KEEP, [this.seriesOf(gateway, point), time, value, text, number, keepUntil]);
    }
    for (const part of erase) {
      for (const { id, name, granularity } of this.database.all("SELECT * FROM series WHERE gateway = ?", [gateway])) {
        if (!touches(part, { name: String(name), granularity: String(granularity) })) continue;
        run("DELETE FROM point WHERE series = ? AND time BETWEEN ? AND ?", [id, part.first, part.last]);
      }
    }
    if (erase.length) run(EMPTY, []);
    if (notice) run("INSERT OR REPLACE INTO notice VALUES (?, ?, ?)", [gateway, notice.id, notice.at]);
  }

  /**
   * @param {string} gateway
   * @param {Point} point
   */
  seriesOf(gateway, { name, granularity, unit }) {
    const key = [gateway, name, granularity];
    const found = this.database.get("SELECT id FROM series WHERE gateway = ? AND name = ? AND granularity = ?", key);
    if (found) return found.id;
    const { count } = this.database.get("SELECT count(*) AS count FROM series WHERE gateway = ?", [gateway]);
    if (count >= MOST_SERIES) throw new Error(`more than ${MOST_SERIES} series of ${gateway}`);
    return this.database.get("INSERT INTO series VALUES (NULL, ?, ?, ?, ?) RETURNING id", [...key, unit]).id;
  }

  /** @param {number} now */
  async forget(now) {
    this.transaction(() => {
      this.database.run("DELETE FROM point WHERE keep_until <= ?", [now]);
      this.database.run(EMPTY);
      this.database.run("DELETE FROM notice WHERE at < ?", [now - NOTICE_S]);
    });
  }

  /** @returns {Promise<import("./core/shapes").Series[]>} */
  async series() {
    const found = this.database.all(
      `SELECT gateway, name, granularity, unit, (SELECT min(time) FROM point WHERE series = id) AS first,
         (SELECT max(time) FROM point WHERE series = id) AS last
       FROM series WHERE first IS NOT NULL ORDER BY name, granularity`,
    );
    return /** @type {any} */ (found);
  }

  /**
   * @param {{gateway: string, name: string, granularity: string}} which
   * @param {number} from
   * @param {number} to not included
   * @param {number} most
   * @returns {Promise<any>}
   */
  async points({ gateway, name, granularity }, from, to, most) {
    return this.database.all(
      `SELECT time, value, text FROM point JOIN series ON series = id
       WHERE gateway = ? AND name = ? AND granularity = ? AND time >= ? AND time < ? ORDER BY time LIMIT ?`,
      [gateway, name, granularity, from, to, most],
    );
  }

  /**
   * @param {{gateway: string, name: string, granularity: string}} which
   * @param {number} from
   * @param {number} to not included
   * @param {number} step seconds
   * @returns {Promise<any>}
   */
  async steps({ gateway, name, granularity }, from, to, step) {
    return this.database.all(STEPS, [step, gateway, name, granularity, from, to]);
  }

  /**
   * All of it, or nothing.
   * @param {() => void} work
   */
  transaction(work) {
    this.database.exec("BEGIN IMMEDIATE");
    try {
      work();
      this.database.exec("COMMIT");
    } catch (error) {
      if (this.database.inTransaction) this.database.exec("ROLLBACK");
      throw error;
    }
  }
}
