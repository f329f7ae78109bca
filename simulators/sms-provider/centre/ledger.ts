import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Journal } from '#simulators/kit';
import type { Incoming, Message, Order, ProviderName, State, Step } from './message.ts';

/** What stands in the journal: applied in order to an empty book it makes the book. */
type Entry =
  | { readonly kind: 'opened'; readonly epoch: string; readonly base: number }
  | { readonly kind: 'accepted'; readonly accepted: Accepted }
  | { readonly kind: 'done'; readonly of: number; readonly n: number; readonly atMs: number }
  | { readonly kind: 'canceled'; readonly of: number; readonly atMs: number }
  | { readonly kind: 'said'; readonly incoming: Incoming }
  | { readonly kind: 'heard'; readonly id: string };

type Accepted = Order &
  Pick<Message, 'sequence' | 'providerId' | 'acceptedMs' | 'costMinor' | 'steps'>;

/** One thing on a handset's screen: what it received, or what its owner wrote. */
export type Line =
  | { readonly direction: 'in'; readonly message: Message; readonly sequence: number }
  | { readonly direction: 'out'; readonly incoming: Incoming; readonly sequence: number };

export interface Acceptance {
  readonly order: Order;
  readonly steps: readonly Step[];
  readonly acceptedMs: number;
  readonly costMinor: number;
  /** The id in the contract's own shape, made of a number that never comes again and a secret of this book. */
  readonly makeId: (number: number, epoch: string) => string;
}

const idsPerEpoch = 1_000_000;

/**
 * What was accepted, what became of it, and what each handset really received. Everything is in the journal before
 * `whenWritten` calls back; kill -9 loses nothing of it.
 */
export class Ledger {
  /** All that were accepted, in order. */
  readonly messages: Message[] = [];
  /** All that reached a handset, in order: the ledger. */
  readonly received: Message[] = [];
  readonly incoming: Incoming[] = [];
  readonly #handsets = new Map<string, Line[]>();
  readonly #byId = new Map<string, Message[]>();
  readonly #byClientId = new Map<string, Message[]>();
  readonly #unheard = new Map<string, Incoming>();
  readonly #journal: Journal<Entry>;
  #epoch = '';
  #base = 0;
  /** Grows with every change, so that a page knows when to draw itself again. */
  revision = 0;

  constructor(folder: string) {
    mkdirSync(folder, { recursive: true });
    this.#journal = new Journal(join(folder, 'journal.jsonl'), (entry) => this.#apply(entry));
    if (this.#epoch === '') this.#write({ kind: 'opened', epoch: randomUUID(), base: 0 });
  }

  /** Incoming messages that nobody has taken yet. */
  get unheard(): readonly Incoming[] {
    return [...this.#unheard.values()];
  }

  get handsets(): readonly string[] {
    return [...this.#handsets.keys()];
  }

  /** Accepts a message; nothing may be answered before `whenWritten`. */
  accept({ acceptedMs, costMinor, makeId, order, steps }: Acceptance): Message {
    const sequence = this.#base + this.messages.length + 1;
    const providerId = order.providerId ?? makeId(sequence, this.#epoch);
    this.#write({
      kind: 'accepted',
      accepted: { ...order, sequence, providerId, acceptedMs, costMinor, steps },
    });
    return this.messages.at(-1) as Message;
  }

  /** One of a message's steps has happened. */
  finish(message: Message, step: Step, atMs: number): void {
    this.#write({ kind: 'done', of: message.sequence, n: step.n, atMs });
  }

  /** False: too late, its state is final, or it has left. */
  cancel(message: Message, atMs: number): boolean {
    if (message.state !== 'scheduled' && message.state !== 'accepted') return false;
    this.#write({ kind: 'canceled', of: message.sequence, atMs });
    return true;
  }

  say(words: Omit<Incoming, 'id'>): Incoming {
    const number = this.#base + this.incoming.length + 1;
    const incoming = { ...words, id: `${this.#epoch.slice(0, 8)}-${number}` };
    this.#write({ kind: 'said', incoming });
    return incoming;
  }

  hear(incoming: Incoming): void {
    this.#write({ kind: 'heard', id: incoming.id });
  }

  /** By the provider's id; several where one call named several recipients, the last first. */
  find(provider: ProviderName, providerId: string): readonly Message[] {
    return this.#byId.get(`${provider} ${providerId}`)?.toReversed() ?? [];
  }

  /** By the caller's own id, the last first. */
  findByClientId(provider: ProviderName, clientId: string): readonly Message[] {
    return this.#byClientId.get(`${provider} ${clientId}`)?.toReversed() ?? [];
  }

  linesOf(msisdn: string): readonly Line[] {
    return this.#handsets.get(msisdn) ?? [];
  }

  whenWritten(callback: (failure: Error | undefined) => void): void {
    this.#journal.whenWritten(callback);
  }

  /** As on the first day; ids do not come again, as the other side may remember the old ones. */
  async reset(): Promise<void> {
    const base = this.#base + this.messages.length + idsPerEpoch;
    await this.#journal.clear();
    for (const list of [this.messages, this.received, this.incoming]) list.length = 0;
    for (const map of [this.#handsets, this.#byId, this.#byClientId, this.#unheard]) map.clear();
    this.#write({ kind: 'opened', epoch: randomUUID(), base });
  }

  close(): Promise<void> {
    return this.#journal.close();
  }

  #write(entry: Entry): void {
    this.#journal.append(entry);
    this.#apply(entry);
  }

  #apply(entry: Entry): void {
    this.revision += 1;
    switch (entry.kind) {
      case 'opened':
        [this.#epoch, this.#base] = [entry.epoch, entry.base];
        return;
      case 'accepted':
        this.#add(entry.accepted);
        return;
      case 'done':
        this.#finish(this.#get(entry.of), entry.n, entry.atMs);
        return;
      case 'canceled': {
        const message = this.#get(entry.of);
        changeState(message, 'canceled', entry.atMs);
        message.steps = [];
        return;
      }
      case 'said':
        this.incoming.push(entry.incoming);
        this.#unheard.set(entry.incoming.id, entry.incoming);
        this.#show(entry.incoming.from, { direction: 'out', incoming: entry.incoming });
        return;
      case 'heard':
        this.#unheard.delete(entry.id);
    }
  }

  #add(accepted: Accepted): void {
    const state: State = accepted.sendAtMs === undefined ? 'accepted' : 'scheduled';
    const message: Message = {
      ...{ ...accepted, state, stateMs: accepted.acceptedMs },
      ...{ code: undefined, receivedMs: undefined },
    };
    this.messages.push(message);
    const { clientId, provider, providerId } = message;
    addTo(this.#byId, `${provider} ${providerId}`, message);
    if (clientId !== undefined) addTo(this.#byClientId, `${provider} ${clientId}`, message);
  }

  #finish(message: Message, n: number, atMs: number): void {
    const step = message.steps.find((one) => one.n === n);
    if (!step) return;
    message.steps = message.steps.filter((one) => one !== step);
    if (step.told) return;
    changeState(message, step.state, atMs, step.code);
    if (step.state !== 'delivered') return;
    message.receivedMs = atMs;
    this.received.push(message);
    this.#show(message.to, { direction: 'in', message });
  }

  #show(
    msisdn: string,
    line:
      | { readonly direction: 'in'; readonly message: Message }
      | { readonly direction: 'out'; readonly incoming: Incoming },
  ): void {
    const lines = this.#handsets.get(msisdn) ?? [];
    lines.push({ ...line, sequence: lines.length + 1 });
    // The last that was in touch stands last.
    this.#handsets.delete(msisdn);
    this.#handsets.set(msisdn, lines);
  }

  #get(sequence: number): Message {
    const message = this.messages[sequence - this.#base - 1];
    if (!message) throw new Error(`must hold: message ${sequence} stands in the book`);
    return message;
  }
}

function changeState(message: Message, state: State, atMs: number, code?: string): void {
  message.state = state;
  message.stateMs = atMs;
  message.code = code;
}

function addTo(index: Map<string, Message[]>, key: string, message: Message): void {
  const known = index.get(key);
  if (known) known.push(message);
  else index.set(key, [message]);
}
