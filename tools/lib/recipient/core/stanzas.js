// The stanzas of WIRE.md, read and written. No I/O; `make` is @xmpp/xml.
import { after } from "./duration.js";
import { split, within } from "./names.js";
import { resolve, SENML, Unreadable } from "./senml.js";

/** @typedef {import("./shapes").Element} Element */
/** @typedef {import("./shapes").Make} Make */

export const QUOALISE = "urn:quoalise:0";
export const OURS = "urn:linky-gateway:0";
export const RECEIPTS = "urn:xmpp:receipts";
const COMMANDS = "http://jabber.org/protocol/commands";
const FORMS = "jabber:x:data";
const PAGES = "http://jabber.org/protocol/rsm";
const EPOCH = /^[\x21-\x7e]{1,64}$/;
const GRANULARITY = /^(raw|P[0-9A-Z]{2,12})$/;
const MOST_DATA = 100;
const MOST_MEASUREMENTS = 1000;
const LONGEST_ID = 1023;

/**
 * What a `<quoalise>` holds: every `<data>` of it (C23). Throws Unreadable.
 * @param {Element} quoalise
 * @param {number} now POSIX seconds
 * @returns {import("./shapes").Push}
 */
export function readPush(quoalise, now) {
  const all = quoalise.getChildren("data", QUOALISE);
  if (all.length > MOST_DATA) throw new Unreadable(`${all.length} data in one message`);
  /** @type {import("./shapes").Push} */
  const push = { points: [], interval: null, rectifies: false, live: false };
  for (const data of all) {
    const meta = data.getChild("meta", QUOALISE);
    const interval = readInterval(meta?.getChild("outbox", OURS));
    push.interval ??= interval;
    push.rectifies ||= meta?.attrs.rectifies === "true";
    push.live ||= meta?.attrs.live === "true";
    push.points.push(...readData(data, meta, now));
  }
  for (const point of push.points) point.number = push.interval?.last ?? 0;
  return push;
}

/**
 * The numbers of an interval that are stored with so many points. A number is a point (§2): what lacks is left out at the
 * beginning, where the next answer's `first` explains it.
 * @param {import("./shapes").Interval} interval
 * @param {number} points
 */
export function stored({ epoch, after: before, last }, points) {
  return { epoch, after: Math.max(before, last - Math.max(points, 1)), last };
}

/**
 * @param {Element} data
 * @param {Element | undefined} meta
 * @param {number} now
 */
function readData(data, meta, now) {
  const sensml = data.getChild("sensml", SENML);
  const granularities = readGranularities(meta);
  const retention = meta?.attrs.retention;
  if (retention !== undefined && after(retention, now) === null) throw new Unreadable(`a retention that is none: ${retention?.slice(0, 40)}`);
  /** @param {number} time */
  const kept = (time) => (retention === undefined ? null : after(retention, time)) ?? Number.MAX_SAFE_INTEGER;
  const points = (sensml ? resolve(sensml) : []).map((measured) => {
    const path = split(measured.name)?.path;
    if (!path) throw new Unreadable(`a name that is none: ${measured.name.slice(0, 80)}`);
    return { ...measured, granularity: granularities.get(path) ?? "raw", number: 0, keepUntil: kept(measured.time) };
  });
  // What is past its retention when it comes would only be deleted.
  return points.filter(({ keepUntil }) => keepUntil > now);
}

/** @param {Element | undefined} meta */
function readGranularities(meta) {
  /** @type {Map<string, string>} */
  const found = new Map();
  const measurements = meta?.getChildren("measurement", QUOALISE) ?? [];
  if (measurements.length > MOST_MEASUREMENTS) throw new Unreadable(`${measurements.length} series in one message`);
  for (const { attrs } of measurements) {
    const granularity = attrs["sampling-interval"] ?? "raw";
    if (!GRANULARITY.test(granularity)) throw new Unreadable(`a granularity that is none: ${granularity.slice(0, 40)}`);
    if (attrs.n !== undefined) found.set(attrs.n, granularity);
  }
  return found;
}

/** @param {Element | undefined} outbox */
function readInterval(outbox) {
  if (!outbox) return null;
  const { epoch = "", after: before, last } = outbox.attrs;
  const interval = { epoch, after: whole(before), last: whole(last) };
  if (!EPOCH.test(epoch) || interval.last <= interval.after) throw new Unreadable("an outbox that is none");
  return interval;
}

/** @param {string | undefined} text */
function whole(text) {
  const value = /^[0-9]{1,15}$/.test(text ?? "") ? Number(text) : NaN;
  if (Number.isNaN(value)) throw new Unreadable("a number of the outbox that is none");
  return value;
}

/**
 * A notice (§13); null of what is none.
 * @param {Element} message
 * @returns {import("./shapes").Notice | null}
 */
export function readNotice(message) {
  const notice = message.getChild("notice", OURS);
  if (!notice) return null;
  const { id = "", kind = "", series = "", consent = "" } = notice.attrs;
  if (id.length < 1 || id.length > 64 || (series && !split(series))) return null;
  const [first, last] = [Number(notice.attrs.first ?? 0), Number(notice.attrs.last ?? Number.MAX_SAFE_INTEGER)];
  if (!Number.isSafeInteger(first) || !Number.isSafeInteger(last)) return null;
  return { id, kind, branch: series, first, last, granularity: "", consent: consent.slice(0, 64), text: texts(notice) };
}

/** @param {Element} notice */
function texts(notice) {
  /** @type {Record<string, string>} */
  const text = {};
  for (const words of notice.getChildren("text", OURS).slice(0, 20)) {
    text[words.attrs["xml:lang"] ?? ""] = words.text().slice(0, 4000);
  }
  return text;
}

/**
 * The receipt of a message (C18), or null where none is asked for.
 * @param {Make} make
 * @param {Element} message
 */
export function receipt(make, message) {
  const { id, from } = message.attrs;
  if (!id || id.length > LONGEST_ID || !message.getChild("request", RECEIPTS)) return null;
  return make("message", { to: from, id: `r-${id}` }, make("received", { xmlns: RECEIPTS, id }));
}

/**
 * A command with its form, and a page of what it answers (§12).
 * @param {Make} make
 * @param {string} to
 * @param {string} node
 * @param {Record<string, string>} fields
 * @param {{max: number, after?: string}} [page]
 */
export function command(make, to, node, fields, page) {
  const form = make(
    "x",
    { xmlns: FORMS, type: "submit" },
    ...Object.entries(fields).map(([name, value]) => make("field", { var: name }, make("value", {}, value))),
  );
  const asked = make("command", { xmlns: COMMANDS, node, action: "execute" }, form);
  if (page) {
    const parts = [make("max", {}, String(page.max))];
    if (page.after !== undefined) parts.push(make("after", {}, page.after));
    asked.children.push(make("set", { xmlns: PAGES }, ...parts));
  }
  return make("iq", { type: "set", to, "xml:lang": "en" }, asked);
}

/**
 * The fields of a subscription's answer that say where it stands; null where they are not there.
 * @param {Element} iq
 */
export function readSubscribed(iq) {
  const form = iq.getChild("command", COMMANDS)?.getChild("x", FORMS);
  const fields = new Map(form?.getChildren("field", FORMS).map((one) => [one.attrs.var, one.getChildText("value") ?? ""]));
  const [epoch, first, series] = [fields.get("epoch") ?? "", fields.get("first") ?? "", fields.get("series") ?? "0"];
  if (!EPOCH.test(epoch) || !/^[0-9]{1,15}$/.test(first)) return null;
  return { epoch, first: Number(first), series: Number(series) };
}

/**
 * A refusal (§16) as an error with its condition.
 * @param {Element} iq
 */
export function readRefusal(iq) {
  const error = iq.getChild("error");
  const first = error?.children.find((one) => typeof one !== "string" && one.name !== "text");
  const condition = typeof first === "object" ? first.name : "undefined-condition";
  const words = error?.getChildText("text");
  return Object.assign(new Error(condition + (words ? ` - ${words}` : "")), { condition });
}

/**
 * A page of history.
 * @param {Element} iq
 * @param {number} now
 */
export function readPage(iq, now) {
  const answer = iq.getChild("command", COMMANDS);
  const quoalise = answer?.getChild("quoalise", QUOALISE);
  const set = answer?.getChild("set", PAGES);
  const count = set?.getChildText("count");
  return {
    points: quoalise ? readPush(quoalise, now).points : [],
    last: set?.getChildText("last") || null,
    count: count && /^[0-9]{1,12}$/.test(count) ? Number(count) : null,
  };
}

/**
 * Only what was subscribed to is taken (§21).
 * @template {{name: string}} P
 * @param {P[]} points
 * @param {string[]} branches
 */
export function ofThese(points, branches) {
  return points.filter(({ name }) => branches.some((branch) => within(name, branch)));
}
