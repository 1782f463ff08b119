// What the recipient makes of the wire document's own stanzas, and of wrong ones; with its real store. Run by test_core.py.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { get, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { mock, test } from "node:test";
import { pathToFileURL } from "node:url";

const modules = pathToFileURL(`${process.env.LINKY_RECIPIENT_MODULES}/node_modules/`).href;
const recipient = new URL("../../../tools/lib/recipient/", import.meta.url);
const { xml } = await import(new URL("@xmpp/client/index.js", modules).href);
const { default: parse } = await import(new URL("@xmpp/xml/lib/parse.js", modules).href);
const { after } = await import(new URL("core/duration.js", recipient).href);
const { plain, same, split, within } = await import(new URL("core/names.js", recipient).href);
const { Questions } = await import(new URL("core/questions.js", recipient).href);
const { KINDS, MOST_SERIES, NOTICE_S, Recipient } = await import(new URL("core/recipient.js", recipient).href);
const { resolve, Unreadable } = await import(new URL("core/senml.js", recipient).href);
const { advance, answered, BEGINNING } = await import(new URL("core/sequence.js", recipient).href);
const { Subscribing } = await import(new URL("core/subscribing.js", recipient).href);
const { Totals, total } = await import(new URL("core/totals.js", recipient).href);
const { beside, CONSUMPTION, exact, indexes, PRODUCTION, risen, together } = await import(new URL("core/share.js", recipient).href);
const { curve, rises, Steps } = await import(new URL("core/view.js", recipient).href);
const { serve } = await import(new URL("server.js", recipient).href);
const { SqliteStore } = await import(new URL("store-sqlite.js", recipient).href);

const WIRE = readFileSync(new URL("../../../gateway/federation/WIRE.md", import.meta.url), "utf8");
const HOME = "maison@home.example";
const POWER = "maison:home.example/ab12:home.example/consumption/power/apparent/raw";
const WHICH = { gateway: HOME, name: POWER, granularity: "raw" };
const NOW = 1_795_998_150;
const POINT = { name: POWER, unit: "VA", time: 1_772_323_200, value: 450, text: null, granularity: "raw", number: 7, keepUntil: 9e12 };

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
  const told = [];
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
    now: () => NOW,
    tell: (what) => told.push(what),
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
  const points = () => store.points(WHICH, 0, 2_000_000_000, 1000);
  const end = () => {
    store.close();
    rmSync(folder, { recursive: true });
  };
  return { made, store, sent, asked, told, hear, points, end };
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

test("a total is answered as the document has it, to the gateway alone", async () => {
  const here = scene();
  const of = (time, value) => ({ ...POINT, time, value });
  await here.store.commit({ gateway: HOME, points: [of(1_795_998_145, 450), of(1_795_998_175, 460)] });
  const totals = new Totals({ make: xml, store: here.store, gateway: `${HOME}/proxy` });
  const sent = WIRE.slice(WIRE.indexOf("<!-- sent: a question for a total -->")).split("```xml\n")[1].split("```")[0].trim();
  const question = parse(sent).getChild("total");
  const printed = example("a question for a total, the answer").getChild("total").attrs;
  assert.deepEqual((await totals.answer(question, `${HOME}/proxy`)).attrs, printed);
  assert.equal(await totals.answer(question, "other@home.example/proxy"), undefined);
  assert.equal(totals.features().getChild("feature").attrs.var, "urn:linky-gateway:0#total");
  for (const wrong of [{ name: "x" }, { granularity: "PT5M" }, { first: "-1" }, { last: "9".repeat(13) }, { last: "1" }]) {
    const changed = xml("total", { ...question.attrs, ...wrong });
    assert.equal((await totals.answer(changed, HOME)).attrs.type, "modify", JSON.stringify(wrong));
  }
  here.end();
});

test("the lines of a total are those of every language", async () => {
  const seen = [[100, 450, null], [160, -1.5, null], [220, 123.4565, null], [280, null, "éP"], [340, 2 ** 70, null]];
  const store = { points: async () => seen.map(([time, value, text]) => ({ time, value, text })) };
  const lines = `100 v 450000\n160 v -1500\n220 v 123457\n280 t 3 éP\n340 v ${BigInt(2 ** 70 * 1000)}\n`;
  const hash = createHash("sha256").update(lines).digest("hex");
  assert.deepEqual(await total(store, WHICH, 0, 999), { count: "5", hash });
  const many = { points: async (_which, _from, _to, most) => new Array(most).fill({ time: 1, value: 1, text: null }) };
  assert.deepEqual(await total(many, WHICH, 0, 999), { count: "100001" });
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
  notice.getChild("notice").attrs.kind = "of-tomorrow\u001b[2J";
  assert.deepEqual(await here.hear(notice), []);
  assert.deepEqual(here.told, ["subscribed", "subscribed"]);
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
  assert.deepEqual(here.store.database.all("SELECT * FROM series"), [], "nor is it told of what there were points");
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
  here.end();
});

test("what is rectified is replaced; what was numbered before does not come back", async () => {
  const here = scene({ get_history: ["what is right, the answer"] });
  await here.made.subscribe();
  await here.store.commit({ gateway: HOME, points: [POINT] });
  assert.deepEqual(await here.hear(example("data-rectified")), ["notice-5d1f0c3e-3"]);
  assert.equal((await here.points())[0].value, 455);
  await here.store.commit({ gateway: HOME, points: [{ ...POINT, number: 6 }], replace: true });
  await here.store.commit({ gateway: HOME, points: [POINT] });
  assert.equal((await here.points())[0].value, 455);
  here.end();
});

test("what waited for an answer is not stored behind its erasure", async () => {
  const here = scene();
  here.made.hear(example("a push"));
  await here.hear(example("consent-withdrawn"));
  assert.deepEqual(await here.points(), []);
  assert.deepEqual(here.sent.map((one) => one.getChild("received").attrs.id), ["5d1f0c3e-0-1", "notice-5d1f0c3e-7"]);
  here.end();
});

test("points go when their retention is over", async () => {
  const here = scene();
  await here.made.subscribe();
  await here.hear(example("a push"));
  await here.store.forget(after("P1Y", 1_795_998_145) - 1);
  assert.equal((await here.points()).length, 1);
  await here.store.forget(after("P1Y", 1_795_998_145));
  assert.deepEqual(await here.points(), []);
  assert.deepEqual(here.store.database.all("SELECT * FROM series"), []);
  here.end();
});

test("after a new epoch the history is asked, page by page", async () => {
  const here = scene({ get_history: ["what is right, the answer"] });
  const point = { ...POINT, time: 1_772_323_100, value: 1 };
  await here.store.commit({ gateway: HOME, points: [point], progress: { epoch: "before", position: 7, spans: [] } });
  await here.made.subscribe();
  assert.deepEqual((await here.points()).map(({ value }) => value), [1, 455]);
  const history = here.asked.find((iq) => iq.getChild("command").attrs.node === "get_history");
  assert.equal(history.getChild("command").getChild("set").getChildText("max"), "500");
  assert.deepEqual((await here.store.progress(HOME)).gaps, []);
  here.end();
});

test("what is behind a hole is no beginning of what is asked for", async () => {
  const here = scene();
  const point = { ...POINT, time: 1_772_323_100 };
  const progress = { epoch: "5d1f0c3e", position: 1, spans: [], gaps: [] };
  await here.store.commit({ gateway: HOME, points: [point], progress });
  await here.made.subscribe();
  for (const [before, last] of [["4", "5"], ["5", "8"]]) {
    const push = example("a push");
    Object.assign(push.getChild("quoalise").getChild("data").getChild("meta").getChild("outbox").attrs, { after: before, last });
    await here.hear(push);
  }
  assert.deepEqual((await here.store.progress(HOME)).spans, [[4, 5], [7, 8]], "one point is one number");
  await here.made.goOn({ epoch: "5d1f0c3e", first: 6 });
  assert.deepEqual((await here.store.progress(HOME)).gaps.map(({ start }) => start), [point.time, point.time]);
  assert.notEqual((await here.store.progress(HOME)).before, undefined);
  await here.made.goOn({ epoch: "5d1f0c3e", first: 9 });
  assert.equal((await here.store.progress(HOME)).before, undefined);
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

test("a notice is known for a year after it was last heard", async () => {
  const here = scene();
  const { id } = example("consent-withdrawn").getChild("notice").attrs;
  await here.made.subscribe();
  await here.store.commit({ gateway: HOME, notice: { id, at: NOW - NOTICE_S } });
  await here.hear(example("consent-withdrawn"));
  await here.store.forget(NOW + NOTICE_S);
  assert.equal(await here.store.obeyed(HOME, id), true);
  await here.store.forget(NOW + NOTICE_S + 1);
  assert.equal(await here.store.obeyed(HOME, id), false);
  here.end();
});

test("a gateway fills no file with names", async () => {
  const here = scene();
  const named = (from, to) => Array.from({ length: to - from }, (_, at) => ({ ...POINT, name: `${POWER}/${from + at}` }));
  await here.store.commit({ gateway: HOME, points: named(0, MOST_SERIES) });
  await assert.rejects(here.store.commit({ gateway: HOME, points: [POINT] }), /more than 2000 series/);
  await here.store.commit({ gateway: HOME, points: named(0, 1) });
  await here.store.commit({ gateway: "other@home.example", points: [POINT] });
  assert.equal((await here.store.series()).length, MOST_SERIES + 1);
  here.end();
});

test("a curve has at most a thousand steps, each with its mean, lowest and highest", async () => {
  const here = scene();
  const points = Array.from({ length: 3000 }, (_, at) => ({ ...POINT, time: POINT.time + at, value: at }));
  const texts = Array.from({ length: 5 }, (_, at) => ({ ...POINT, time: POINT.time + 3000 + at, value: null, text: `HC${at}` }));
  await here.store.commit({ gateway: HOME, points: [...points, ...texts] });
  const [from, to] = [POINT.time, POINT.time + 4000];
  const found = await curve(here.store, WHICH, from, to);
  assert.equal(found.length, 752);
  assert.deepEqual(found[0], { time: from, value: 1.5, text: null, low: 0, high: 3 });
  assert.deepEqual(found.slice(-2).map(({ time, text }) => [time, text]), [[from + 3003, "HC3"], [from + 3004, "HC4"]]);
  const steps = new Steps(4);
  [...points, ...texts].forEach((point) => steps.add(point));
  const alike = ({ time, value, text, low, high }) => ({ time, value, text, low: low ?? null, high: high ?? null });
  assert.deepEqual(steps.found.map(alike), found.map(alike), "what makes them in the browser makes the same");
  await assert.rejects(curve(here.store, WHICH, 0, 41 * 86_400), RangeError);
  here.end();
});

test("an answer is taken from whom was asked", async () => {
  const sent = [];
  const questions = new Questions(async (iq) => sent.push(iq), 50);
  const iq = () => xml("iq", { type: "set", to: `${HOME}/proxy` });
  const answer = (attrs, ...children) => questions.hear(xml("iq", { id: sent.at(-1).attrs.id, from: `${HOME}/proxy`, ...attrs }, ...children));
  const first = questions.ask(iq());
  for (const from of ["other@home.example/proxy", `${HOME}/other`, `${HOME}/Proxy`, undefined]) answer({ type: "result", from });
  answer({ type: "set" });
  answer({ type: "result", from: "Maison@Home.example/proxy" }, xml("right"));
  assert.ok((await first).getChild("right"));
  const refused = questions.ask(iq());
  const text = xml("text", {}, "no consent");
  answer({ type: "error" }, xml("error", {}, xml("not-authorized"), text));
  await assert.rejects(refused, { condition: "not-authorized", message: "not-authorized - no consent" });
  await assert.rejects(questions.ask(iq()), /no answer came in time/);
  assert.equal(questions.open.size, 0);
  const broken = new Questions(() => Promise.reject(new Error("the line is cut")), 60_000);
  await assert.rejects(broken.ask(iq()), /the line is cut/);
});

test("a gateway that is asked too much is left alone for a minute, whatever happens meanwhile", async () => {
  let clock = 1_000_000;
  mock.timers.enable({ apis: ["setTimeout"] });
  mock.method(performance, "now", () => clock);
  const pass = async (ms) => {
    clock += ms;
    mock.timers.tick(ms);
    // What failed is seen a few turns later.
    for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
  };
  for (const [refused, soonest] of [["resource-constraint", 60_000], ["service-unavailable", 2_000]]) {
    const asked = [];
    const error = Object.assign(new Error(refused), { condition: refused });
    const subscribe = async () => {
      asked.push(clock);
      if (asked.length === 1) throw error;
    };
    const subscribing = new Subscribing({ begin: () => {}, subscribe }, () => {});
    await subscribing.begin(true);
    if (soonest === 60_000) {
      await pass(20_000);
      subscribing.seen("");
      await pass(20_000);
      await subscribing.begin(true);
      await pass(19_999);
      assert.equal(asked.length, 1);
      await pass(1);
    } else await pass(6_000);
    assert.equal(asked.length, 2, refused);
    assert.ok(asked[1] - asked[0] >= soonest, refused);
    await pass(600_000);
    assert.equal(asked.length, 2, refused);
  }
  mock.restoreAll();
  mock.timers.reset();
});

test("addresses that are one, and words of strangers as one line", () => {
  assert.equal(same("Maison@Home.example/proxy", "maison@home.example/proxy"), true);
  assert.equal(same("maison@home.example", "maison@home.example/proxy"), false);
  assert.equal(plain("a\n\u001b[2J\u202eb\u2028é"), "a  [2J b é");
  assert.equal(plain("x".repeat(600)).length, 500);
});

test("the page's server answers this machine's own page alone", async () => {
  const here = scene();
  const server = await serve(0, modules, here.store);
  const { port } = server.address();
  const status = (path, { method = "GET", ...headers } = {}) =>
    new Promise((resolve, reject) => {
      const asked = request({ port, host: "127.0.0.1", path, method, headers }, (answer) => resolve(answer.resume().statusCode));
      asked.on("error", reject).end();
    });
  const points = (days) => `/api/points?${new URLSearchParams({ ...WHICH, from: "0", to: String(days * 86_400) })}`;
  assert.equal(await status("/api/series"), 200);
  assert.equal(await status("/api/series", { host: `linky.example:${port}` }), 421);
  assert.equal(await status("/api/series", { method: "POST" }), 405);
  assert.deepEqual([await status(points(40)), await status(points(41)), await status("/api/points")], [200, 400, 400]);
  const sites = ["cross-site", "same-site", "same-origin", "none"];
  const answers = sites.map((site) => status("/api/series", { "sec-fetch-site": site }));
  assert.deepEqual(await Promise.all(answers), [403, 403, 200, 200]);
  assert.equal(await status("/", { "sec-fetch-site": "cross-site" }), 200, "a link may lead to the page");
  assert.equal(await status("/core/questions.js"), 200);
  server.close();
  server.closeAllConnections();
  here.end();
});

test("each script of the page is served", async () => {
  const server = await serve(0, modules, null);
  const { port } = server.address();
  const read = (path) =>
    new Promise((resolve, reject) => {
      get({ port, host: "127.0.0.1", path }, async (answer) => {
        let text = "";
        for await (const part of answer.setEncoding("utf8")) text += part;
        resolve([answer.statusCode, text]);
      }).on("error", reject);
    });
  const seen = new Set();
  const left = ["/page/page.js"];
  for (let path = left.pop(); path; path = left.pop()) {
    const [status, text] = await read(path);
    assert.equal(status, 200, path);
    seen.add(path);
    for (const [, from] of text.matchAll(/^import .* from "(\..*)";$/gm)) {
      const { pathname } = new URL(from, `http://127.0.0.1${path}`);
      if (!seen.has(pathname)) left.push(pathname);
    }
  }
  assert.ok(seen.size > 10, [...seen].join(" "));
  server.close();
  server.closeAllConnections();
});

test("the page says in both languages all that it has to say", async () => {
  globalThis.localStorage = { getItem: () => "fr" };
  const { WORDS } = await import(new URL("page/words.js", recipient).href);
  assert.deepEqual(Object.keys(WORDS.fr).sort(), Object.keys(WORDS.en).sort());
  const page = readFileSync(new URL("page/index.html", recipient), "utf8");
  const wanted = [...page.matchAll(/data-(?:words|label)="([^"]+)"/g)].map(([, key]) => key);
  assert.ok(wanted.length > 10);
  for (const key of [...wanted, ...KINDS]) assert.ok(WORDS.fr[key] && WORDS.en[key], key);
});

/** A roof of 36 kW behind clouds, read every two seconds for four hours, whose index changes as its meter counts. */
function counted() {
  const seconds = 4 * 3600;
  const at = [0];
  for (let time = 0; time < seconds + 3600; time += 1) {
    const cloud = [1, 0.3, 0.8, 0.15][(Math.floor(time / 300) * 7) % 4];
    at.push(at[at.length - 1] + (36_000 * cloud) / 3600);
  }
  return { seconds, at };
}

test("a part is the same of frames, minutes, quarters and half hours", () => {
  const { seconds, at } = counted();
  const end = seconds + 1800;
  const edges = Array.from({ length: seconds / 1800 + 1 }, (_, place) => 1_772_323_200 + place * 1800);
  const read = (every, from = 0) => Array.from({ length: Math.floor((end - from) / every) }, (_, place) => from + place * every);
  const point = (time, value) => ({ time: edges[0] + time, value: Math.floor(value), text: null });
  const sent = {
    raw: read(2).map((time) => point(time, at[time])),
    // The last frame of each minute, by when the minute began; one before the day.
    PT1M: [point(-60, at[0]), ...read(60).map((time) => point(time, at[time + 59]))],
    PT15M: read(900).map((time) => point(time, at[time])),
    PT30M: read(1800).map((time) => point(time, at[time])),
  };
  const wanted = edges.slice(1).map((_, place) => (at[(place + 1) * 1800] - at[place * 1800]) * (30 / 400));
  for (const [granularity, points] of Object.entries(sent)) {
    const found = beside([risen({ unit: "Wh", granularity }, points, edges)], edges.slice(1).map(() => 1e6), 30 / 400);
    // The frame before the end of a minute is a second early, here.
    const near = granularity === "PT1M" ? 2 * 0.75 : 1;
    found.mine.forEach((wh, place) => assert.ok(Math.abs(wh - wanted[place]) <= near, `${granularity} ${place} ${wh} ${wanted[place]}`));
    assert.equal(exact({ granularity }), ["PT15M", "PT30M"].includes(granularity));
  }
});

test("a night is nothing, a silence and a missing inverter are unknown, and what is covered is no more than both", () => {
  const series = { unit: "kWh", granularity: "raw" };
  const edges = [0, 1800, 3600, 5400, 7200, 9000];
  const night = [{ time: 0, value: 1, text: null }, { time: 7000, value: 1.005, text: null }, { time: 7400, value: 1.105, text: null }];
  assert.deepEqual(risen(series, night, edges).map((one) => one && Math.round(one)), [0, 0, 0, 55, null]);
  const silent = [{ time: 0, value: 1, text: null }, { time: 7000, value: 3, text: null }];
  assert.deepEqual(risen(series, silent, edges), [null, null, null, null, null]);
  const back = [{ time: 0, value: 3, text: null }, { time: 1800, value: 1, text: null }, { time: 3600, value: 2, text: null }];
  assert.deepEqual(risen(series, back, edges).slice(0, 2), [null, 1000]);
  const steps = [{ time: 0, value: 2, low: 1, high: 3, text: null }, { time: 1800, value: 4, low: 3, high: 5, text: null }];
  assert.deepEqual(risen(series, steps, edges).slice(0, 1), [2000]);
  const found = beside([[100, 100, null], [300, 300, 300]], [50, 300, 300], 0.5);
  assert.deepEqual(found.mine, [200, 200, null]);
  assert.deepEqual(found.sums, { known: 2, mine: 400, drawn: 350, covered: 250 });
  assert.deepEqual(beside([], [1], 1).mine, [null]);
});

test("of each meter all series that tell half hours, the best first", () => {
  const of = (meter, path, granularity, unit = "Wh") => ({ gateway: HOME, name: `maison:home.example/${meter}:home.example/${path}`, granularity, unit, first: 0, last: 1 });
  const all = [
    of("pv1", PRODUCTION, "raw"), of("pv1", PRODUCTION, "PT30M"), of("pv1", PRODUCTION, "P1D"), of("pv2", PRODUCTION, "PT1M"),
    of("pv2", PRODUCTION, "raw"), of("pv3", PRODUCTION, "P1D"), of("pv4", PRODUCTION, "raw", "VAh"), of("ab12", CONSUMPTION, "raw"),
    { ...of("x", PRODUCTION, "raw"), name: "no name" },
  ];
  assert.deepEqual(indexes(all, PRODUCTION).map((each) => [each[0].name.split("/")[1], each.map(({ granularity }) => granularity)]), [
    ["pv1:home.example", ["PT30M", "raw"]], ["pv2:home.example", ["PT1M", "raw"]],
  ]);
  assert.deepEqual(indexes(all, CONSUMPTION).length, 1);
});

test("a consent that changes the granularity leaves the half hours of before, and says which sum is about so much", () => {
  const edges = [0, 1800, 3600, 5400, 7200, 9000];
  const [half, frames] = ["PT30M", "raw"].map((granularity) => ({ unit: "Wh", granularity }));
  const before = [0, 900, 1800, 3000, 3900].map((time) => ({ time, value: time / 2, text: null }));
  const after = [5400, 7200, 9000].map((time) => ({ time, value: time / 2, text: null }));
  const read = [{ series: half, points: after }, { series: frames, points: before }];
  assert.deepEqual(together(read, edges), { wh: [900, 900, null, 900, 900], sure: false });
  assert.deepEqual(together(read, edges.slice(3)), { wh: [900, 900], sure: true });
  assert.deepEqual(together([], edges.slice(3)), { wh: [null, null], sure: true });
  // Where both know a half hour the better one says it, once.
  const both = [{ series: half, points: [0, 1800].map((time) => ({ time, value: time, text: null })) }, { series: frames, points: before }];
  assert.deepEqual(together(both, [0, 1800]), { wh: [1800], sure: true });
});
