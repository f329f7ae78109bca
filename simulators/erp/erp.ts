import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Agenda, chance, Journal, Problem } from '#simulators/kit';
import { type Act, Book, type Entry, isPossible, type Payout, type Step } from './book.ts';
import { type Order, readOrder, type StatusMessage } from './order.ts';
import { plan } from './plan.ts';
import { Board } from './scenarios.ts';
import { type Settings, standardSettings } from './settings.ts';
import type { ErpTransport } from './transport.ts';

export type Log = (event: string, details: Readonly<Record<string, unknown>>) => void;

export interface ErpOptions {
  readonly folder: string;
  readonly seed: number;
  readonly transport: ErpTransport;
  readonly log: Log;
  readonly settings?: Partial<Settings>;
}

interface Due {
  readonly payout: Payout;
  readonly step: Step;
}

const retryMs = 250;
const actWords: Readonly<Record<Act, string>> = {
  accept: 'INSTRUCTION_CREATED',
  reject: 'REJECTED',
  pay: 'PAID',
  return: 'VOID',
};

/** One ERP: its book, what it is about to do, and how it misbehaves. */
export class Erp {
  readonly book = new Book();
  readonly board: Board;
  settings: Settings;
  readonly #options: ErpOptions;
  readonly #firstSettings: Settings;
  readonly #agenda = new Agenda<Due>();
  readonly #journal: Journal<Entry>;
  #timer: { readonly at: number; readonly handle: NodeJS.Timeout } | undefined;
  #pumping: Promise<void> | undefined;
  #closed = false;
  #wake: (() => void) | undefined;

  private constructor(options: ErpOptions) {
    this.#options = options;
    this.#firstSettings = { ...standardSettings, ...options.settings };
    this.settings = this.#firstSettings;
    this.board = new Board(options.seed);
    mkdirSync(options.folder, { recursive: true });
    const path = join(options.folder, 'journal.jsonl');
    this.#journal = new Journal(path, (entry) => this.book.apply(entry));
  }

  /** Reads the journal, goes on with what was under way, and listens. */
  static async open(options: ErpOptions): Promise<Erp> {
    const erp = new Erp(options);
    if (erp.book.epoch === '') await erp.#write([{ kind: 'opened', epoch: newEpoch() }]);
    for (const payout of erp.book.payouts.values()) {
      // What was done and perhaps told is told again, with the same event ids.
      for (const step of payout.steps) {
        if (!payout.done.has(step.n) || isUntold(payout, step)) erp.#schedule({ payout, step });
      }
    }
    await options.transport.take(
      (messages) => erp.take(messages),
      () => erp.isHere,
    );
    return erp;
  }

  get isHere(): boolean {
    return !this.#closed && !this.settings.away;
  }

  change(settings: Settings): void {
    this.settings = settings;
    this.#wake?.();
  }

  /** Resolves when all of them stand in the book on the disk: then they will be dealt with, whatever happens. */
  async take(messages: readonly unknown[]): Promise<void> {
    if (!this.isHere) throw new Error('the ERP is away');
    const entries: Entry[] = [];
    const begun: string[] = [];
    for (const message of messages) {
      const entry = this.#entryOf(message);
      this.book.apply(entry);
      entries.push(entry);
      if (entry.kind === 'asked') begun.push(entry.order.erpId);
    }
    await this.#append(entries);
    for (const erpId of begun) {
      const payout = this.book.payouts.get(erpId);
      for (const step of payout?.steps ?? []) if (payout) this.#schedule({ payout, step });
    }
  }

  /** Somebody at the ERP does it by hand; the other side is told. */
  async doByHand(erpId: string, act: Act, reason: string): Promise<Payout> {
    const payout = this.book.payouts.get(erpId);
    if (!payout) throw new Problem(404, 'No such payout');
    if (!isPossible(act, payout)) throw new Problem(409, `It is ${payout.state}`, 'act');
    const n = 1000 + payout.steps.length;
    const step: Step = {
      ...{ n, dueMs: Date.now(), act, reason },
      tell: {
        feed: 'oebs',
        status: actWords[act],
        eventId: `${this.#prefixOf(payout.order)}-${n}`,
      },
    };
    await this.#write([{ kind: 'planned', erpId, steps: [step] }]);
    this.#schedule({ payout, step });
    return payout;
  }

  /** As on the first day. */
  async reset(): Promise<void> {
    this.#forgetTimer();
    this.#agenda.clear();
    // It is here again: whoever is away would never finish what it has in hand.
    this.change(this.#firstSettings);
    await this.#pumping;
    await this.#journal.clear();
    this.book.clear();
    this.board.clear();
    await this.#write([{ kind: 'opened', epoch: newEpoch() }]);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#forgetTimer();
    this.#wake?.();
    await this.#options.transport.close();
    await this.#pumping;
    await this.#journal.close();
  }

  #entryOf(message: unknown): Entry {
    const at = new Date().toISOString();
    const order = readOrder(message);
    if (typeof order === 'string') {
      this.#options.log('a message was not understood', { why: order });
      return { kind: 'misread', at, why: order };
    }
    const known = this.book.payouts.get(order.erpId);
    if (known) return { kind: 'asked-again', erpId: order.erpId, same: isSame(known.order, order) };
    return { kind: 'asked', at, order, steps: this.#plan(order) };
  }

  #plan(order: Order): Step[] {
    const { seed } = this.#options;
    const nth = (this.book.ofClient.get(order.clientId) ?? 0) + 1;
    return plan({
      choice: this.board.choose(order.clientId, nth),
      ...{ nowMs: Date.now(), stepMs: this.settings.stepMs, delayMs: this.settings.delayMs },
      eventPrefix: this.#prefixOf(order),
      draw: (purpose, n) => chance(seed, purpose, order.clientId, nth, n),
    });
  }

  #prefixOf({ erpId }: Order): string {
    return `${this.book.epoch}-${erpId}`;
  }

  #schedule(due: Due): void {
    this.#agenda.add(due.step.dueMs, due);
    this.#setTimer();
  }

  /** One timer, for what is due first: timers of their own would overtake each other by a millisecond. */
  #setTimer(): void {
    const at = this.#agenda.nextMs;
    if (at === undefined || this.#pumping || this.#closed) return;
    if (this.#timer && this.#timer.at <= at) return;
    this.#forgetTimer();
    const handle = setTimeout(
      () => {
        this.#timer = undefined;
        this.#pumping = this.#pump()
          .catch((error: unknown) => {
            // The journal is gone: nothing more is done, and the next start goes on from what it holds.
            this.#options.log('the book can not be written', { reason: String(error) });
            this.#agenda.clear();
          })
          .finally(() => {
            this.#pumping = undefined;
            this.#setTimer();
          });
      },
      Math.max(0, at - Date.now()),
    );
    this.#timer = { at, handle };
  }

  /** Does what is due, writes it down, and only then tells it; what gathered meanwhile is the next round. */
  async #pump(): Promise<void> {
    while (!this.#closed) {
      if (!this.isHere) {
        await this.#pause();
        continue;
      }
      const round = this.#agenda.take(Date.now());
      if (round.length === 0) return;
      const at = new Date().toISOString();
      const fresh = round.filter(({ payout, step }) => !payout.done.has(step.n));
      await this.#write(
        fresh.map(({ payout, step }) => ({
          ...{ kind: 'done', at, erpId: payout.order.erpId, n: step.n },
        })),
      );
      await this.#tell(round.filter(({ payout, step }) => isUntold(payout, step)));
    }
  }

  /** Again and again until it is told: nothing later overtakes it. */
  async #tell(round: readonly Due[]): Promise<void> {
    for (const feed of ['ard', 'oebs'] as const) {
      const ofFeed = round.filter(({ step }) => step.tell?.feed === feed);
      while (ofFeed.length > 0 && !this.#closed) {
        if (!this.isHere) {
          await this.#pause();
          continue;
        }
        try {
          await this.#options.transport.tell(feed, ofFeed.map(toMessage));
          break;
        } catch (error) {
          this.#options.log('statuses could not be told', { feed, reason: String(error) });
          await this.#pause();
        }
      }
      if (this.#closed) return;
      await this.#write(
        ofFeed.map(({ payout, step }) => ({
          ...{ kind: 'told', erpId: payout.order.erpId, n: step.n },
        })),
      );
    }
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, retryMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  async #write(entries: readonly Entry[]): Promise<void> {
    if (entries.length === 0) return;
    for (const entry of entries) this.book.apply(entry);
    await this.#append(entries);
  }

  #append(entries: readonly Entry[]): Promise<void> {
    for (const entry of entries) this.#journal.append(entry);
    return this.#journal.written();
  }

  #forgetTimer(): void {
    clearTimeout(this.#timer?.handle);
    this.#timer = undefined;
  }
}

function isUntold({ told }: Payout, { n, tell }: Step): boolean {
  return tell !== undefined && tell.lost !== true && !told.has(n);
}

function isSame(one: Order, other: Order): boolean {
  return (
    one.amountMinor === other.amountMinor &&
    one.currency === other.currency &&
    one.account === other.account &&
    one.clientId === other.clientId
  );
}

function toMessage({ payout, step }: Due): StatusMessage {
  if (!step.tell) throw new Error('must hold: what is told has a status');
  return {
    ...{ event_id: step.tell.eventId, erp_id: payout.order.erpId, status: step.tell.status },
    ...(step.reason ? { reason: step.reason } : {}),
    occurred_at: new Date(step.dueMs).toISOString(),
  };
}

function newEpoch(): string {
  return Date.now().toString(36);
}
