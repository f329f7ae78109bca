import { mkdtempSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type OperatorSimulator,
  type OperatorSimulatorOptions,
  startOperatorSimulator,
} from './index.ts';

/** What the tests speak UCIP with: written apart from the simulator's own codec. */
export interface UcipAnswer {
  readonly status: number;
  readonly text: string;
  /** Every member of the answer, by name. */
  readonly members: Readonly<Record<string, string>>;
}

export interface Charge {
  readonly msisdn: string;
  readonly id: string;
  readonly amountMinor?: number;
  readonly currency?: string;
  readonly externalData?: string;
  /** Members to leave out. */
  readonly without?: string;
  readonly timeoutMs?: number;
}

export class Fixture {
  readonly simulator: OperatorSimulator;

  constructor(simulator: OperatorSimulator) {
    this.simulator = simulator;
  }

  balance(msisdn: string, id = '1'): Promise<UcipAnswer> {
    return callUcip(this.simulator.url, 'GetBalanceAndDate', { msisdn, id });
  }

  debit(charge: Charge): Promise<UcipAnswer> {
    return callUcip(this.simulator.url, 'UpdateBalanceAndDate', charge);
  }

  /** A positive adjustment: money back. */
  credit(charge: Charge): Promise<UcipAnswer> {
    return this.debit({ ...charge, amountMinor: -(charge.amountMinor ?? 500) });
  }

  status(msisdn: string, id: string): Promise<UcipAnswer> {
    return callUcip(this.simulator.url, 'GetTransactionStatus', { msisdn, id });
  }

  async get(path: string): Promise<Record<string, unknown>> {
    const response = await fetch(this.simulator.url + path);
    return (await response.json()) as Record<string, unknown>;
  }

  async send(method: string, path: string, body?: unknown): Promise<Answer> {
    const response = await fetch(this.simulator.url + path, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      headers: { 'content-type': 'application/json' },
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  }

  /** The transaction ids of a number's debits, in order. */
  async debited(msisdn: string): Promise<readonly string[]> {
    const { debits } = await this.get(`/ledger?msisdn=${msisdn}`);
    return (debits as { transaction_id: string }[]).map((debit) => debit.transaction_id);
  }

  /** The same of its credits. */
  async credited(msisdn: string): Promise<readonly string[]> {
    const { credits } = await this.get(`/credits?msisdn=${msisdn}`);
    return (credits as { transaction_id: string }[]).map((credit) => credit.transaction_id);
  }
}

export interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

export async function startFixture(
  options: Partial<OperatorSimulatorOptions> = {},
): Promise<Fixture> {
  const folder = options.folder ?? temporaryFolder();
  return new Fixture(await startOperatorSimulator({ port: 0, moUrl: '', ...options, folder }));
}

export function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), 'kopek-operator-'));
}

export async function callUcip(url: string, method: string, charge: Charge): Promise<UcipAnswer> {
  const response = await fetch(`${url}/air`, {
    method: 'POST',
    headers: { 'content-type': 'text/xml' },
    body: formatCall(method, charge),
    ...(charge.timeoutMs === undefined ? {} : { signal: AbortSignal.timeout(charge.timeoutMs) }),
  });
  const text = await response.text();
  const pairs = text.matchAll(/<name>(\w+)<\/name><value><\w+>([^<]*)</g);
  const members = Object.fromEntries([...pairs].map(([, name = '', value = '']) => [name, value]));
  return { status: response.status, text, members };
}

export function formatCall(method: string, charge: Charge): string {
  const { msisdn, id, amountMinor = 500, currency = 'PKR', externalData = '', without } = charge;
  const common: readonly [string, string, string][] = [
    ['originNodeType', 'string', 'EXT'],
    ['originHostName', 'string', 'kopek'],
    ['originTransactionID', 'string', id],
    ['originTimeStamp', 'dateTime.iso8601', '20261120T20:20:00+0500'],
    ['subscriberNumberNAI', 'int', '1'],
    ['subscriberNumber', 'string', msisdn],
  ];
  const ofDebit: readonly [string, string, string][] = [
    ['transactionCurrency', 'string', currency],
    ['adjustmentAmountRelative', 'string', String(-amountMinor)],
    ['transactionType', 'string', 'kopek'],
    ['transactionCode', 'string', 'subscription'],
    ['externalData1', 'string', externalData],
  ];
  const members = method === 'UpdateBalanceAndDate' ? [...common, ...ofDebit] : common;
  const struct = members
    .filter(([name]) => name !== without)
    .map(
      ([name, type, value]) =>
        `<member><name>${name}</name><value><${type}>${value}</${type}></value></member>`,
    );
  return `<?xml version="1.0"?>
<methodCall><methodName>${method}</methodName><params><param><value>
<struct>${struct.join('\n')}</struct></value></param></params></methodCall>`;
}

/** The platform's end of incoming SMS: refuses the first `failures` of them. */
export class MoReceiver {
  readonly received: Record<string, unknown>[] = [];
  readonly #server: Server;
  #wake: (() => void) | undefined;

  constructor(failures: number) {
    let left = failures;
    this.#server = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      this.received.push(JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>);
      left -= 1;
      response.writeHead(left >= 0 ? 503 : 204).end();
      this.#wake?.();
    });
  }

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/mo`;
  }

  async until(count: number): Promise<void> {
    while (this.received.length < count) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}
