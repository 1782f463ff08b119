// What the pages' scripts are told by the gateway (gateway/web), for the type checker alone: nothing of it is served.

/** What a script that the browser keeps is within (worker.js); the library for pages does not know it. */
interface Keeper {
  clients: { claim(): Promise<void> };
  skipWaiting(): Promise<void>;
  addEventListener(kind: "install" | "activate", heard: (event: { waitUntil(done: Promise<void>): void }) => void): void;
  addEventListener(kind: "fetch", heard: (event: FetchedByPage) => void): void;
}

interface FetchedByPage {
  request: Request;
  respondWith(answer: Promise<Response>): void;
}

type Words = Record<string, string>;
type Maybe<T> = T | null;

/** A meter in the object of the stream: the live feed's, with its phases (gateway/live/README.md). */
interface Meter {
  meter: Maybe<string>;
  drawn_va: Maybe<number>;
  injected_va: Maybe<number>;
  subscribed_va: Maybe<number>;
  tariff: Maybe<string>;
  tariff_kind: string;
  tempo_today: string;
  tempo_tomorrow: string;
  drawn_today_wh: Maybe<number>;
  drawn_yesterday_wh: Maybe<number>;
  injected_today_wh?: Maybe<number>;
  produced_today_wh?: Maybe<number>;
  self_consumed_today_wh?: Maybe<number>;
  produced_doubt?: Maybe<string>;
  partial?: string[];
  phases?: Phase[];
  overload: Maybe<boolean>;
  breaker: Maybe<string>;
  alert: Maybe<boolean>;
  age_s: Maybe<number>;
  stale: boolean;
}

interface Phase {
  phase: number;
  va: Maybe<number>;
  v: Maybe<number>;
  a: Maybe<number>;
}

/** An event of the stream; `page` is another one when the page itself has changed. */
interface House {
  page: string;
  meters: Meter[];
  alerts?: Record<string, string>[];
}

/** What is reckoned of a meter's cost: `/cost/now`. */
interface Price {
  per_hour?: Maybe<number>;
  base_load_w?: Maybe<number>;
}

type Shows = (section: HTMLElement, meter: Meter) => void;
type Puts = (section: HTMLElement, name: string, text: Maybe<string>) => HTMLElement;

/** Since, until, the tariff's word, what a person calls it. */
type Band = [number, number, string, string];
type Values = Maybe<number>[];
type Splits = (least: number, most: number, room: number) => number[];

/** A day (gateway/web/history): its minutes, tariff bands; what else there is of it no script reads. */
interface DayTold {
  begin: number;
  end: number;
  mean?: Values;
  low?: Values;
  high?: Values;
  injected?: Values;
  bands: Band[];
}

interface Look {
  colour: string;
  width?: number;
  dash?: number[];
}

interface Drawn {
  key: string;
  text: string;
  values: Values;
}

/** What is drawn of a day. */
interface Shape {
  x: number[];
  series: Drawn[];
  bands: Band[];
  band: Maybe<{ low: Values; high: Values }>;
  range: [number, number];
  title: (n: number) => string;
  tick: (value: number) => string;
}

/** The minutes on the page: what is seen of them, what is hidden. */
interface Place {
  section: HTMLElement;
  plot: HTMLElement;
  readout: HTMLElement;
  hidden: Set<string>;
  shape: Shape;
  seen: [number, number];
  chart?: uPlot;
}

type BandDraws = (ctx: CanvasRenderingContext2D, left: number, right: number, word: string, text: string) => void;
