// The shapes that the parts of the recipient hand to each other, for the type checker alone.

/** An element as @xmpp/xml (ltx) makes it. */
export interface Element {
  name: string;
  attrs: Record<string, string>;
  children: (Element | string)[];
  is(name: string, xmlns?: string): boolean;
  getNS(): string;
  getChild(name: string, xmlns?: string): Element | undefined;
  getChildren(name: string, xmlns?: string): Element[];
  getChildText(name: string, xmlns?: string): string | null;
  text(): string;
}

/** Makes one. */
export type Make = (name: string, attrs?: Record<string, string>, ...children: (Element | string)[]) => Element;

export interface Measured { name: string; time: number; unit: string; value: number | null; text: string | null }

/** A point as it is stored; its identity is gateway, name, granularity and time. `number` is of the outbox, 0 of history. */
export interface Point extends Measured { granularity: string; number: number; keepUntil: number }

/** `before`: what is to be asked if the hole before the spans turns out to be one; as it was when that was seen first. */
export interface Progress { epoch: string; position: number; spans: number[][]; gaps?: Gap[]; before?: Gap[] }

/** What is asked of the history: all of a granularity below a branch from then on. */
export interface Gap { branch: string; granularity: string; start: number }

export interface Interval { epoch: string; after: number; last: number }

export interface Push { points: Point[]; interval: Interval | null; rectifies: boolean; live: boolean }

/** A part of what is stored: a branch (empty: all), both times included; empty granularity: all. */
export interface Part { branch: string; first: number; last: number; granularity: string; consent?: string }

export interface Notice extends Part { id: string; kind: string; text: Record<string, string> }

/** What one transaction writes. */
export interface Change {
  gateway: string;
  progress?: Progress;
  points?: Point[];
  replace?: boolean;
  erase?: Part[];
  limits?: Part[];
  notice?: { id: string; at: number };
}

export interface Series {
  gateway: string;
  name: string;
  granularity: string;
  unit: string;
  first: number;
  last: number;
}

/** Where a recipient keeps what it receives. `commit` resolves when all of it is on the disk, or rejects and nothing is. */
export interface Store {
  progress(gateway: string): Promise<Progress>;
  limits(gateway: string): Promise<Part[]>;
  obeyed(gateway: string, id: string): Promise<boolean>;
  commit(change: Change): Promise<void>;
  forget(now: number): Promise<void>;
  series(): Promise<Series[]>;
  /** The first ones in [from, to), at most so many, in the order of time. */
  points(which: Which, from: number, to: number, most: number): Promise<Seen[]>;
  /** Of each step in [from, to) the mean, lowest and highest value, and the last text. */
  steps(which: Which, from: number, to: number, step: number): Promise<Seen[]>;
}

export interface Which { gateway: string; name: string; granularity: string }

/** A value on a curve: of one point, or the mean, lowest and highest of a step. */
export interface Seen { time: number; value: number | null; text: string | null; low?: number; high?: number }
