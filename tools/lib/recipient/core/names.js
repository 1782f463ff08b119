// What a series is called (WIRE.md §17): the three forms of one name, and which branch it is in. No I/O.

const ADDRESS = "[a-z0-9][a-z0-9._-]*";
const LEVELS = "[A-Za-z0-9:._-]+(?:/[A-Za-z0-9:._-]+)*";
const FORMS = [
  new RegExp(`^(${ADDRESS})[@:](${ADDRESS})/(${ADDRESS})[@:](${ADDRESS})(?:/(${LEVELS}))?/?$`),
  new RegExp(`^(urn:dev:prm:[0-9]{14})(?:_(${LEVELS}))?[/_]?$`),
];
const LONGEST = 512;

/**
 * Whose a name is and what, alike in the forms `sen1` and `senml`; null of what is none.
 * @param {string} name
 * @returns {{meter: string, path: string} | null}
 */
export function split(name) {
  if (name.length > LONGEST) return null;
  const jids = FORMS[0].exec(name);
  if (jids) return { meter: `${jids[1]}:${jids[2]}/${jids[3]}:${jids[4]}`, path: jids[5] ?? "" };
  const urn = FORMS[1].exec(name);
  return urn ? { meter: urn[1], path: urn[2] ?? "" } : null;
}

/**
 * Whether a name is at or below a branch, by whole levels.
 * @param {string} name
 * @param {string} branch
 */
export function within(name, branch) {
  const one = split(name);
  const all = split(branch);
  if (!one || !all || one.meter !== all.meter) return false;
  return all.path === "" || one.path === all.path || one.path.startsWith(`${all.path}/`);
}

/** @param {string} jid */
export function bare(jid) {
  return jid.split("/", 1)[0].toLowerCase();
}

/**
 * Whether two addresses are one: capitals count in the resource alone (RFC 7622 §3).
 * @param {string} one
 * @param {string} other
 */
export function same(one, other) {
  return bare(one) === bare(other) && one.slice(bare(one).length) === other.slice(bare(other).length);
}

/**
 * Words of a stranger as one line, without what moves a terminal's cursor or turns a page's direction (WIRE.md §21).
 * @param {string} text
 */
export function plain(text) {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, " ").slice(0, 500);
}
