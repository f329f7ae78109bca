import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ErpSimulator, type ErpSimulatorOptions, startErpSimulator } from './index.ts';
import type { Feed, StatusMessage } from './order.ts';
import type { ErpTransport } from './transport.ts';

export interface Told extends StatusMessage {
  readonly feed: Feed;
}

/** The other side of the wire, in arrays. */
export class Wire implements ErpTransport {
  readonly told: Told[] = [];
  /** How many of the next calls of `tell` fail. */
  failures = 0;
  #take: ((messages: readonly unknown[]) => Promise<void>) | undefined;
  #wake: (() => void) | undefined;

  take(take: (messages: readonly unknown[]) => Promise<void>): void {
    this.#take = take;
  }

  async tell(feed: Feed, statuses: readonly StatusMessage[]): Promise<void> {
    if (this.failures > 0) {
      this.failures -= 1;
      throw new Error('the wire is cut');
    }
    this.told.push(...statuses.map((status) => ({ ...status, feed })));
    this.#wake?.();
  }

  async close(): Promise<void> {
    this.#take = undefined;
  }

  async ask(...messages: readonly unknown[]): Promise<void> {
    if (!this.#take) throw new Error('nobody listens');
    await this.#take(messages);
  }

  async until(isEnough: (told: readonly Told[]) => boolean): Promise<void> {
    while (!isEnough(this.told)) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** `oebs PAID` of one payout, in the order in which they came: the feeds are apart, so one after the other. */
  wordsOf(erpId: string): readonly string[] {
    return this.told
      .filter((one) => one.erp_id === erpId)
      .toSorted((one, other) => (one.feed < other.feed ? -1 : one.feed > other.feed ? 1 : 0))
      .map(({ feed, status }) => `${feed} ${status}`);
  }
}

export interface Line {
  readonly erp_id: string;
  readonly client_id: string;
  readonly amount_minor: number;
  readonly state: string;
  readonly asked: number;
  readonly disagreeing: number;
  readonly paid_minor: number;
  readonly returned_minor: number;
  readonly last_status: string;
}

export class Fixture {
  readonly wire: Wire;
  readonly simulator: ErpSimulator;
  readonly folder: string;

  constructor(wire: Wire, simulator: ErpSimulator, folder: string) {
    this.wire = wire;
    this.simulator = simulator;
    this.folder = folder;
  }

  async book(): Promise<readonly Line[]> {
    const { payouts } = (await this.get('/book')) as { payouts: Line[] };
    return payouts;
  }

  async get(path: string): Promise<unknown> {
    return (await fetch(this.simulator.url + path)).json();
  }

  async send(method: string, path: string, body: unknown = {}) {
    const response = await fetch(this.simulator.url + path, {
      ...{ method, body: JSON.stringify(body), headers: { 'content-type': 'application/json' } },
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  }
}

export async function startFixture(options: Partial<ErpSimulatorOptions> = {}): Promise<Fixture> {
  const folder = options.folder ?? temporaryFolder();
  const wire = new Wire();
  const settings = { stepMs: { min: 0, max: 0 }, ...options.settings };
  const simulator = await startErpSimulator({
    ...{ port: 0, transport: wire, ...options, folder, settings },
  });
  return new Fixture(wire, simulator, folder);
}

export function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), 'kopek-erp-'));
}

export function order(erpId: string, more: Readonly<Record<string, unknown>> = {}) {
  return {
    ...{ erp_id: erpId, client_id: 'demo', account: 'acc_1', amount_minor: 500, currency: 'PKR' },
    ...{ cash_payment_facts: [], at: '2026-11-20T00:00:00Z', ...more },
  };
}
