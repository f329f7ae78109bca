import { Agent, request } from 'undici';
import { chance } from './chance.ts';
import type { SimulatorClock } from './clock.ts';
import { Problem, readNumber, readShare, readText } from './fields.ts';
import type { ObjectStore, Table } from './object-store.ts';
import { type SettingReaders, type Span, spanUpTo } from './settings.ts';

/** How notifications travel. Shares are from 0 to 1. */
export interface NoticeSettings {
  /** Where they go; empty: nowhere. */
  readonly noticeUrl: string;
  readonly noticeDelayMs: Span;
  /** Come twice. */
  readonly duplicated: number;
  /** Come up to `reorderMs` later, so that younger ones overtake them. */
  readonly reordered: number;
  readonly reorderMs: number;
  /** Never come. */
  readonly missing: number;
  /** How long after each failed attempt the next one is made; after the last it is given up. */
  readonly noticeRetriesMs: readonly number[];
}

export const standardNotices: NoticeSettings = {
  noticeUrl: '',
  noticeDelayMs: { min: 0, max: 0 },
  ...{ duplicated: 0, reordered: 0, missing: 0 },
  reorderMs: 2_000,
  noticeRetriesMs: [],
};

const maxDelayMs = 7 * 24 * 3_600_000;
const retriesMax = 100;

export const noticeReaders: SettingReaders<NoticeSettings> = {
  noticeUrl: (value, field) => {
    const url = readText(value, { field, maxLength: 2_000, mayBeEmpty: true });
    if (url === '' || (URL.canParse(url) && /^https?:/.test(url))) return url;
    throw new Problem(400, `${field} must be a web address, or empty`, field);
  },
  noticeDelayMs: spanUpTo(maxDelayMs),
  ...{ duplicated: readShare, reordered: readShare, missing: readShare },
  reorderMs: (value, field) => readNumber(value, { field, min: 0, max: maxDelayMs }),
  noticeRetriesMs: (value, field) => {
    if (!Array.isArray(value) || value.length > retriesMax) {
      throw new Problem(400, `${field} is a list of at most ${retriesMax} delays`, field);
    }
    return value.map((one) => readNumber(one, { field, min: 0, max: maxDelayMs }));
  },
};

export interface Notice {
  readonly id: string;
  /** Such as `payment.succeeded`. */
  readonly kind: string;
  readonly body: string;
  readonly state: 'waiting' | 'taken' | 'given_up' | 'missing';
  /** How often it is still to be taken. */
  readonly left: number;
  readonly attempts: number;
  readonly dueMs: number;
  /** Of the last attempt; 0: nobody answered. */
  readonly lastStatus: number | null;
}

export interface NoticesOptions {
  readonly store: ObjectStore;
  readonly clock: SimulatorClock;
  readonly seed: number;
  readonly settings: () => NoticeSettings;
  /** The headers of one attempt: a signature may depend on when it is made. */
  readonly headersOf: (body: string) => Readonly<Record<string, string>>;
}

const callTimeoutMs = 10_000;
const connectionsMax = 64;
/** How long an answer waits for notifications that are to come before it. */
const patienceMs = 5_000;

/** Brings notifications to the merchant: at least once, again after a failure, across restarts. */
export class Notices {
  readonly #options: NoticesOptions;
  readonly #table: Table<Notice>;
  readonly #agent = new Agent({
    connections: connectionsMax,
    headersTimeout: callTimeoutMs,
    bodyTimeout: callTimeoutMs,
  });
  readonly #sending = new Set<string>();
  #added: string[] = [];
  #closed = false;

  constructor(options: NoticesOptions) {
    this.#options = options;
    this.#table = options.store.table('notice');
  }

  /** What a process before this one had still to bring. */
  start(): void {
    for (const { dueMs, id, state } of this.#table.all()) {
      if (state === 'waiting') this.#schedule(id, dueMs);
    }
  }

  get size(): number {
    return this.#table.size;
  }

  get all(): readonly Notice[] {
    return this.#table.all();
  }

  /** Within the transaction that did what it tells of. */
  add({ body, id, kind }: Pick<Notice, 'id' | 'kind' | 'body'>): void {
    const { clock } = this.#options;
    const { duplicated, missing, noticeDelayMs, noticeUrl, reordered, reorderMs } =
      this.#options.settings();
    if (noticeUrl === '') return;
    const draw = (purpose: string) => chance(this.#options.seed, purpose, this.#table.size);
    const late = draw('reordered') < reordered ? draw('reorder') * reorderMs : 0;
    const { max, min } = noticeDelayMs;
    const dueMs = clock.nowMs() + min + draw('notice delay') * (max - min) + late;
    const left = draw('duplicated') < duplicated ? 2 : 1;
    const state = draw('missing') < missing ? 'missing' : 'waiting';
    const notice = { ...{ id, kind, body, state, left, attempts: 0, dueMs } };
    this.#table.put(id, { ...notice, lastStatus: null } as Notice);
    this.#added.push(id);
    if (state === 'waiting') this.#schedule(id, dueMs);
  }

  /** What was added since the last time, so that it can be brought before an answer. */
  takeAdded(): readonly string[] {
    const added = this.#added;
    this.#added = [];
    return added;
  }

  /** Resolves when these have been taken, or after a while. */
  async bringNow(ids: readonly string[]): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, patienceMs);
    });
    await Promise.race([Promise.all(ids.map((id) => this.#bring(id))), patience]);
    clearTimeout(timer);
  }

  /** Once more, whatever became of it. */
  async resend(id: string): Promise<Notice> {
    const notice = this.#table.get(id);
    if (!notice) throw new Problem(404, 'There is no such notification', 'id');
    this.#options.store.transact(() =>
      this.#table.put(id, { ...notice, state: 'waiting', left: 1 }),
    );
    await this.#bring(id);
    return this.#table.need(id);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#agent.destroy();
  }

  #schedule(id: string, dueMs: number): void {
    this.#options.clock.at(dueMs, () => void this.#bring(id));
  }

  /** One attempt. Never before the disk has what it tells of. */
  async #bring(id: string): Promise<void> {
    const { clock, store } = this.#options;
    const isWritten = await new Promise<boolean>((resolve) =>
      store.whenWritten((failure) => resolve(failure === undefined)),
    );
    const before = this.#table.get(id);
    if (!isWritten || before?.state !== 'waiting' || this.#sending.has(id) || this.#closed) return;
    this.#sending.add(id);
    const lastStatus = await this.#send(before);
    this.#sending.delete(id);
    const notice = this.#table.get(id);
    if (!notice || this.#closed) return;
    const attempts = notice.attempts + 1;
    const isTaken = lastStatus >= 200 && lastStatus < 300;
    const left = isTaken ? notice.left - 1 : notice.left;
    const waitMs = isTaken ? 0 : this.#options.settings().noticeRetriesMs[notice.attempts];
    const state = left === 0 ? 'taken' : waitMs === undefined ? 'given_up' : 'waiting';
    const dueMs = state === 'waiting' ? clock.nowMs() + (waitMs ?? 0) : notice.dueMs;
    store.transact(() =>
      this.#table.put(id, { ...notice, attempts, left, state, dueMs, lastStatus }),
    );
    if (state === 'waiting') this.#schedule(id, dueMs);
  }

  /** To where notifications go now: a merchant that has moved hears of what he missed. */
  async #send({ body }: Notice): Promise<number> {
    const { noticeUrl: url } = this.#options.settings();
    const headers = { 'content-type': 'application/json', ...this.#options.headersOf(body) };
    try {
      const answer = await request(url, { method: 'POST', body, headers, dispatcher: this.#agent });
      await answer.body.dump();
      return answer.statusCode;
    } catch {
      return 0;
    }
  }
}
