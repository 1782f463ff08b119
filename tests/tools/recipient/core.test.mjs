// What the recipient makes of the wire document's own stanzas, and of wrong ones; with its real store. Run by test_core.py.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { pathToFileURL } from "node:url";

const modules = pathToFileURL(`${process.env.LINKY_RECIPIENT_MODULES}/node_modules/`).href;
const recipient = new URL("../../../tools/lib/recipient/", import.meta.url);
const { xml } = await import(new URL("@xmpp/client/index.js", modules).href);
const { default: parse } = await import(new URL("@xmpp/xml/lib/parse.js", modules).href);
const { after } = await import(new URL("core/duration.js", recipient).href);
const { split, within } = await import(new URL("core/names.js", recipient).href);
const { Recipient, limited } = await import(new URL("core/recipient.js", recipient).href);
const { resolve, Unreadable } = await import(new URL("core/senml.js", recipient).href);
const { advance, answered, BEGINNING } = await import(new URL("core/sequence.js", recipient).href);
const { curve, rises } = await import(new URL("core/view.js", recipient).href);
const { SqliteStore } = await import(new URL("store-sqlite.js", recipient).href);

const WIRE = readFileSync(new URL("../../../gateway/federation/WIRE.md", import.meta.url), "utf8");
const HOME = "maison@home.example";
const POWER = "maison:home.example/ab12:home.example/consumption/power/apparent/raw";
const WHICH = { gateway: HOME, name: POWER, granularity: "raw" };

/** @param {string} name as the document calls it */
function example(name) {
  const at = WIRE.indexOf(`<!-- received: ${name} -->`);
  assert.notEqual(at, -1, name);
  return parse(WIRE.slice(at).split("```xml\n")[1].split("```")[0].trim());
}

/** @param {string} records */
const pack = (records) => resolve(parse(`<sensml xmlns='urn:ietf:params:xml:ns:senml'>${records}</sensml>`));

/** A recipient with a store on the disk, whose questions are answered as the document prints. */
function scene(answers = {}) {
  const folder = mkdtempSync(join(tmpdir(), "linky-recipient-"));
  const store = SqliteStore.open(modules, join(folder, "store.sqlite"));
  const sent = [];
  const asked = [];
  const made = new Recipient({
    make: xml,
    store,
    gateway: `${HOME}/proxy`,
    branches: ["maison:home.example/ab12:home.example/consumption", "maison@home.example/ab12@home.example/consumption"],
    send: async (stanza) => sent.push(stanza),
    ask: async (iq) => {
      const node = iq.getChild("command").attrs.node;
      asked.push(iq);
      const answer = answers[node]?.shift() ?? (node === "subscribe" ? "a subscription, the answer" : "after the withdrawal, the answer");
      const said = example(answer);
      if (said.attrs.type === "error") throw Object.assign(new Error("refused"), { condition: said.getChild("error").children[1].name });
      return said;
    },
    now: () => 1_795_998_150,
    tell: () => {},
  });
  const done = async () => {
    while (made.waiting) await new Promise((again) => setImmediate(again));
    await made.queue;
  };
  const hear = async (stanza) => {
    made.hear(stanza);
    await done();
    return sent.filter((one) => one.getChild("received")).map((one) => one.getChild("received").attrs.id);
  };
  const points = () => store.points(WHICH, 0, 2_000_000_000);
  const end = () => {
    store.close();
    rmSync(folder, { recursive: true });
  };
  return { made, store, sent, asked, hear, points, end };
}

test("a push is stored once and confirmed each time, after it is stored", async () => {
  const here = scene();
  await here.made.subscribe();
  assert.deepEqual(await here.hear(example("a push")), ["5d1f0c3e-0-1"]);
  assert.deepEqual(await here.hear(example("a push")), ["5d1f0c3e-0-1", "5d1f0c3e-0-1"]);
  assert.deepEqual(await here.points(), [{ time: 1_795_998_145, value: 450, text: null }]);
  assert.equal(here.sent.at(-1).attrs.to, `${HOME}/proxy`);
  assert.deepEqual(await here.store.progress(HOME), { epoch: "5d1f0c3e", position: 1, spans: [], gaps: [] });
  here.end();
});

test("what cannot be stored is not confirmed", async () => {
  const here = scene();
  await here.made.subscribe();
  here.store.commit = async () => {
    throw new Error("the disk is full");
  };
  assert.deepEqual(await here.hear(example("a push")), []);
  here.end();
});

test("others, headlines, returned messages and unknown notices are left", async () => {
  const here = scene();
  await here.made.subscribe();
  for (const change of [{ from: "other@home.example/proxy" }, { type: "headline" }, { type: "error" }]) {
    const message = example("a push");
    Object.assign(message.attrs, change);
    assert.deepEqual(await here.hear(message), []);
  }
  const notice = example("data-erased");
  notice.getChild("notice").attrs.kind = "of-tomorrow";
  assert.deepEqual(await here.hear(notice), []);
  assert.deepEqual(await here.hear(example("a live value")), []);
  assert.deepEqual(await here.points(), []);
  here.end();
});

test("erasure and withdrawal delete, a second time nothing, and are confirmed", async () => {
  const here = scene();
  await here.made.subscribe();
  await here.hear(example("a push"));
  await here.hear(example("data-erased"));
  assert.equal((await here.points()).length, 1, "it is of another time");
  assert.equal((await here.hear(example("consent-withdrawn"))).at(-1), "notice-5d1f0c3e-7");
  assert.deepEqual(await here.points(), []);
  await here.hear(example("a push"));
  assert.equal((await here.hear(example("consent-withdrawn"))).length, 5);
  assert.equal((await here.points()).length, 1, "it was obeyed already");
  here.end();
});

test("a suspension hides until it is over", async () => {
  const here = scene();
  await here.made.subscribe();
  await here.hear(example("a push"));
  await here.hear(example("consent-limited"));
  const span = [1_795_998_000, 1_795_999_000];
  assert.equal((await here.points()).length, 1);
  assert.deepEqual(await curve(here.store, WHICH, ...span), []);
  await here.hear(example("consent-resumed"));
  assert.equal((await curve(here.store, WHICH, ...span)).length, 1);
  assert.equal(limited([], WHICH, 0), false);
  here.end();
});

test("what is rectified is replaced; what was numbered before does not come back", async () => {
  const here = scene({ get_history: ["what is right, the answer"] });
  await here.made.subscribe();
  const old = { name: POWER, unit: "VA", time: 1_772_323_200, value: 450, text: null, granularity: "raw", number: 7, keepUntil: 9e12 };
  await here.store.commit({ gateway: HOME, points: [old] });
  assert.deepEqual(await here.hear(example("data-rectified")), ["notice-5d1f0c3e-3"]);
  assert.equal((await here.points())[0].value, 455);
  await here.store.commit({ gateway: HOME, points: [{ ...old, number: 6 }], replace: true });
  await here.store.commit({ gateway: HOME, points: [old] });
  assert.equal((await here.points())[0].value, 455);
  here.end();
});

test("points go when their retention is over", async () => {
  const here = scene();
  await here.made.subscribe();
  await here.hear(example("a push"));
  await here.store.forget(after("P3Y", 1_795_998_145) - 1);
  assert.equal((await here.points()).length, 1);
  await here.store.forget(after("P3Y", 1_795_998_145));
  assert.deepEqual(await here.points(), []);
  here.end();
});

test("after a new epoch the history is asked, page by page", async () => {
  const here = scene({ get_history: ["what is right, the answer"] });
  const point = { name: POWER, unit: "VA", time: 1_772_323_100, value: 1, text: null, granularity: "raw", number: 7, keepUntil: 9e12 };
  await here.store.commit({ gateway: HOME, points: [point], progress: { epoch: "before", position: 7, spans: [] } });
  await here.made.subscribe();
  assert.deepEqual((await here.points()).map(({ value }) => value), [1, 455]);
  const history = here.asked.find((iq) => iq.getChild("command").attrs.node === "get_history");
  assert.equal(history.getChild("command").getChild("set").getChildText("max"), "500");
  assert.deepEqual((await here.store.progress(HOME)).gaps, []);
  here.end();
});

test("packs are resolved as RFC 8428 says, and wrong ones are not read", () => {
  const [one, two] = pack("<senml bn='a:b/c:d/e/' n='x' bt='1772323200' bv='2' u='W' v='1'/><senml n='y' t='-60' vs='HC'/>");
  assert.deepEqual(one, { name: "a:b/c:d/e/x", time: 1_772_323_200, unit: "W", value: 3, text: null });
  assert.deepEqual(two, { name: "a:b/c:d/e/y", time: 1_772_323_140, unit: "", value: null, text: "HC" });
  for (const wrong of ["bver='27'", "must_='1'", "v='NaN'", "v='0x10'", "t='0.5'", "t='-1e12'", `n='${"x".repeat(513)}'`]) {
    const all = `<senml bn='a' bt='1772323200' ${wrong} ${wrong.startsWith("v=") ? "" : "v='1'"}/>`;
    assert.throws(() => pack(all), Unreadable, wrong);
  }
  assert.throws(() => pack("<senml v='1'/>".repeat(20_001)), Unreadable);
});

test("a gap is no hindrance, and is no loss before the gateway says so", () => {
  let progress = advance({ ...BEGINNING, epoch: "e" }, { epoch: "e", after: 0, last: 1 });
  progress = advance(progress, { epoch: "e", after: 3, last: 5 });
  assert.deepEqual([progress.position, progress.spans], [1, [[3, 5]]]);
  assert.equal(answered(progress, { epoch: "e", first: 2 }).missed, false);
  const later = answered(progress, { epoch: "e", first: 6 });
  assert.deepEqual([later.progress.position, later.progress.spans, later.missed], [5, [], true]);
  const filled = advance(progress, { epoch: "e", after: 1, last: 3 });
  assert.deepEqual([filled.position, filled.spans], [5, []]);
  assert.equal(answered(filled, { epoch: "e", first: 6 }).missed, false);
  assert.equal(answered(filled, { epoch: "f", first: 1 }).missed, true);
});

test("names, durations, and the rises of an index", () => {
  assert.deepEqual(split("maison@home.example/ab12@home.example/a/b"), split("maison:home.example/ab12:home.example/a/b"));
  assert.equal(split("urn:dev:prm:30001610071843_consumption/energy").path, "consumption/energy");
  assert.equal(split("maison@home.example"), null);
  assert.equal(within(POWER, "maison@home.example/ab12@home.example/consumption/power"), true);
  assert.equal(within(POWER, "maison@home.example/ab12@home.example/consumption/pow"), false);
  assert.equal(after("P1M", Date.UTC(2026, 0, 31) / 1000), Date.UTC(2026, 1, 28) / 1000);
  assert.equal(after("P", 0), null);
  const points = [[10, 100], [20, 130], [35, 131]].map(([time, value]) => ({ time, value, text: null }));
  assert.deepEqual(rises(points, [0, 10, 20, 30, 40, 50]), [null, 30, 0, 1, null]);
});
