// What the pages' scripts are told by the gateway (gateway/web), for the type checker alone: nothing of it is served.

/** What a script that the browser keeps is within (worker.js); the library for pages does not know it. */
interface Keeper {
  clients: {
    claim(): Promise<void>;
    matchAll(which: { type: "window" }): Promise<OpenPage[]>;
    openWindow(there: string): Promise<OpenPage | null>;
  };
  registration: ServiceWorkerRegistration;
  skipWaiting(): Promise<void>;
  addEventListener(kind: "install" | "activate", heard: (event: { waitUntil(done: Promise<void>): void }) => void): void;
  addEventListener(kind: "push", heard: (event: { data: PushedText | null, waitUntil(done: Promise<void>): void }) => void): void;
  addEventListener(kind: "notificationclick", heard: (event: { notification: Notification, waitUntil(done: Promise<void>): void }) => void): void;
  addEventListener(kind: "fetch", heard: (event: FetchedByPage) => void): void;
}

/** When something was asked for: by the clock, and how often all had been forgotten before. */
interface Beginning {
  at: number;
  forgotten: number;
}

interface OpenPage {
  url: string;
  navigate(there: string): Promise<OpenPage | null>;
  focus(): Promise<OpenPage>;
}

interface PushedText {
  json(): Pushed;
}

/** What is sent to a device (gateway/notices/ways/push.py). */
interface Pushed {
  title: string;
  text: string;
  lang: string;
  tag: string;
  path: string;
  urgent: boolean;
}

/** Safari's, of an iPhone: whether the page is an app on the home screen. */
interface Navigator {
  standalone?: boolean;
}

interface FetchedByPage {
  request: Request;
  waitUntil(done: Promise<void>): void;
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
  tariff_until?: Maybe<string>;
  off_peak_next?: Maybe<string>;
  power_w?: Maybe<number>;
  drawn_today_wh: Maybe<number>;
  drawn_yesterday_wh: Maybe<number>;
  today_since?: Maybe<string>;
  cost_today_cents?: Maybe<number>;
  injected_today_wh?: Maybe<number>;
  produced_today_wh?: Maybe<number>;
  self_consumed_today_wh?: Maybe<number>;
  produced_doubt?: Maybe<string>;
  partial?: string[];
  overload: Maybe<boolean>;
  breaker: Maybe<string>;
  age_s: Maybe<number>;
  stale: boolean;
}

/** An event of the stream; `page` is another one when the page itself has changed. */
interface House {
  page: string;
  meters: Meter[];
  alerts?: Record<string, string>[];
  shown?: Shown[];
}

/** What of this moment stands on the first page, or the wall, by its place (gateway/web/home). */
type Shown = Record<string, string | number | boolean | null>;

/** The detail of the event "house": what the stream said, null where it says nothing; whether it is lost. */
interface Heard {
  state: Maybe<House>;
  lost: boolean;
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
