import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ProviderCallback, SmsProvider } from '#sms/provider';
import { eventually, type Lifetime } from '#testing';
import type { HeardCallback } from './describe-callbacks.ts';

/** An address to which providers bring what they have to tell, for tests. */
export interface Ear {
  /** Where this provider's callbacks come, with a query where it has one. */
  urlOf(name: string, query?: string): string;
  listen(name: string, provider: SmsProvider): void;
  /** All that was read since it listens, by provider. */
  heardOf(name: string): readonly HeardCallback[];
  readonly refused: readonly unknown[];
}

export async function openEar(t: Lifetime): Promise<Ear> {
  const providers = new Map<string, SmsProvider>();
  const heard = new Map<string, HeardCallback[]>();
  const refused: unknown[] = [];
  let origin = '';
  const server = createServer(async (request, response) => {
    const name = /^\/([\w-]+)/.exec(request.url ?? '')?.[1] ?? '';
    const callback = await toCallback(request, origin);
    try {
      const reading = providers.get(name)?.readCallback?.(callback);
      if (!reading) throw new Error(`nobody listens for ${name}`);
      heard.set(name, [...(heard.get(name) ?? []), { callback, reading }]);
      const { body, contentType, status } = reading.reply;
      response.writeHead(status, { 'content-type': contentType ?? 'text/plain' }).end(body);
    } catch (error) {
      refused.push(error);
      response.writeHead(403).end();
    }
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return {
    urlOf: (name, query = '') => `${origin}/${name}${query}`,
    listen: (name, provider) => void providers.set(name, provider),
    heardOf: (name) => heard.get(name) ?? [],
    refused,
  };
}

async function toCallback(request: IncomingMessage, origin: string): Promise<ProviderCallback> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const headers = Object.entries(request.headers).map(([name, value]) => [
    name,
    Array.isArray(value) ? value.at(-1) : value,
  ]);
  return {
    method: request.method ?? 'GET',
    url: `${origin}${request.url ?? '/'}`,
    headers: Object.fromEntries(headers) as ProviderCallback['headers'],
    body: Buffer.concat(chunks),
  };
}

/** The controls of a simulator of providers. */
export interface Controls {
  befall(name: string, msisdn: string, more?: object): Promise<void>;
  /** Nothing is on its way any more. */
  settle(): Promise<void>;
  /** Texts that a handset really got. */
  textsOf(msisdn: string): Promise<readonly string[]>;
  /** The provider's ids of the messages to a handset. */
  idsOf(msisdn: string): Promise<readonly string[]>;
  validUntilOf(msisdn: string): Promise<Date | undefined>;
  say(
    msisdn: string,
    words: { readonly provider: string; readonly to: string; readonly text: string },
  ): Promise<void>;
}

interface Shown {
  readonly messages: readonly {
    readonly direction?: string;
    readonly text: string;
    readonly provider_id: string;
    readonly valid_until?: string | null;
  }[];
}

const PATIENCE = { timeoutMs: 20_000 };

export function controlsOf(url: string): Controls {
  async function call<Result>(method: string, path: string, body?: object): Promise<Result> {
    const answer = await fetch(url + path, {
      method,
      headers: { 'content-type': 'application/json' },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as Result;
  }
  const digits = (msisdn: string) => msisdn.slice(1);

  return {
    async befall(name, msisdn, more = {}) {
      const scenario = { name, msisdn: digits(msisdn), times: 1, ...more };
      await call('POST', '/control/scenarios', scenario);
    },
    async settle() {
      await eventually(async () => {
        const { delivered } = await call<{ delivered: number }>('POST', '/control/deliver', {});
        if (delivered > 0) throw new Error('there was something on its way');
      }, PATIENCE);
    },
    async textsOf(msisdn) {
      const { messages } = await call<Shown>('GET', `/handsets/${digits(msisdn)}`);
      return messages.filter(({ direction }) => direction === 'in').map(({ text }) => text);
    },
    async idsOf(msisdn) {
      const { messages } = await call<Shown>('GET', `/messages?msisdn=${digits(msisdn)}`);
      return messages.map(({ provider_id }) => provider_id);
    },
    async validUntilOf(msisdn) {
      const { messages } = await call<Shown>('GET', `/messages?msisdn=${digits(msisdn)}`);
      const told = messages.at(-1)?.valid_until;
      return typeof told === 'string' ? new Date(told) : undefined;
    },
    async say(msisdn, words) {
      await call('POST', `/handsets/${digits(msisdn)}/say`, words);
    },
  };
}
