// SenML packs in XML (RFC 8428 §7, RFC 9100) as WIRE.md §17 profiles them, to resolved records. No I/O.

/** @typedef {import("./shapes").Element} Element */
/** @typedef {import("./shapes").Measured} Measured */

export const SENML = "urn:ietf:params:xml:ns:senml";
const VERSIONS = new Set(["10", "26"]);
const MOST_RECORDS = 20_000;
const LONGEST_NAME = 512;
const LONGEST_TEXT = 4096;
const LONGEST_UNIT = 40;
// Below it a time is relative to now (RFC 8428 §4.5.3), which the profile does not know; above it a date has five digits.
const FIRST_TIME = 2 ** 28;
const LAST_TIME = 253_402_300_799;
const NUMBER = /^-?[0-9]{1,20}(\.[0-9]{1,20})?([eE][-+]?[0-9]{1,3})?$/;

/** A pack that must not be read, or cannot: it is not confirmed. */
export class Unreadable extends Error {}

/**
 * The records of a pack, in its order. Sums (`s`), binary and Boolean values are left out.
 * @param {Element} sensml
 * @returns {Measured[]}
 */
export function resolve(sensml) {
  const records = sensml.getChildren("senml", SENML);
  if (records.length > MOST_RECORDS) throw new Unreadable(`a pack of ${records.length} records`);
  const base = { name: "", time: 0, unit: "", value: 0 };
  /** @type {Measured[]} */
  const found = [];
  for (const { attrs } of records) {
    refuseUnknown(attrs);
    base.name = attrs.bn ?? base.name;
    base.unit = attrs.bu ?? base.unit;
    if (attrs.bt !== undefined) base.time = number(attrs.bt);
    if (attrs.bv !== undefined) base.value = number(attrs.bv);
    const measured = record(attrs, base);
    if (measured) found.push(measured);
  }
  return found;
}

/** @param {Record<string, string>} attrs */
function refuseUnknown(attrs) {
  if (attrs.bver !== undefined && !VERSIONS.has(attrs.bver)) throw new Unreadable(`a pack of version ${attrs.bver}`);
  const must = Object.keys(attrs).find((label) => label.endsWith("_"));
  if (must) throw new Unreadable(`a label that must be understood: ${must}`);
}

/**
 * @param {Record<string, string>} attrs
 * @param {{name: string, time: number, unit: string, value: number}} base
 * @returns {Measured | null}
 */
function record(attrs, base) {
  if (attrs.v === undefined && attrs.vs === undefined) return null;
  const name = base.name + (attrs.n ?? "");
  const time = base.time + (attrs.t === undefined ? 0 : number(attrs.t));
  const unit = attrs.u ?? base.unit;
  if (name.length > LONGEST_NAME) throw new Unreadable("a name of more than 512 characters");
  if (!Number.isInteger(time) || time < FIRST_TIME || time > LAST_TIME) throw new Unreadable(`a time that is none: ${time}`);
  if (unit.length > LONGEST_UNIT) throw new Unreadable("a unit of more than 40 characters");
  if (attrs.v !== undefined) return { name, time, unit, value: base.value + number(attrs.v), text: null };
  if (attrs.vs.length > LONGEST_TEXT) throw new Unreadable("a text of more than 4096 characters");
  return { name, time, unit: "", value: null, text: attrs.vs };
}

/** @param {string} text */
function number(text) {
  const value = NUMBER.test(text) ? Number(text) : NaN;
  if (!Number.isFinite(value)) throw new Unreadable(`a number that is none: ${text.slice(0, 40)}`);
  return value;
}
