import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { CardGateway, GatewayNews, GatewayNotification, Reply } from '#payments/card-gateway';
import type { Lifetime } from '#testing';
import type { Heard } from './card-under-test.ts';

/** An address to which gateways bring what they have to tell, for tests. */
export interface CardEar {
  /** Behind it stands the type, where there is one. */
  urlOf(name: string): string;
  listen(name: string, gateway: CardGateway): void;
  heardOf(name: string): readonly Heard[];
  /** Of it what is about this payment or what was given back of it. */
  heardAbout(name: string, payment: string): readonly Heard[];
  readonly refused: readonly unknown[];
}

export async function openCardEar(t: Lifetime): Promise<CardEar> {
  const gateways = new Map<string, CardGateway>();
  const heard = new Map<string, Heard[]>();
  const refused: unknown[] = [];

  function answer(name: string, notification: GatewayNotification): Reply {
    const gateway = gateways.get(name);
    if (!gateway?.readNotification || !gateway.acknowledgement) {
      throw new Error(`nobody listens for ${name}`);
    }
    if (notification.type === 'check' && gateway.readCheck && gateway.checkReply) {
      gateway.readCheck(notification);
      return gateway.checkReply('go');
    }
    const reading = gateway.readNotification(notification);
    heard.set(name, [...(heard.get(name) ?? []), { notification, reading }]);
    return gateway.acknowledgement();
  }

  const server = createServer(async (request, response) => {
    const [, name = '', type = ''] = /^\/([\w-]+)\/?(\w*)/.exec(request.url ?? '') ?? [];
    try {
      const { body, contentType, status } = answer(name, await toNotification(request, type));
      response.writeHead(status, { 'content-type': contentType }).end(body);
    } catch (error) {
      refused.push(error);
      response.writeHead(403).end();
    }
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return {
    urlOf: (name) => `${origin}/${name}`,
    listen: (name, gateway) => void gateways.set(name, gateway),
    heardOf: (name) => heard.get(name) ?? [],
    heardAbout: (name, payment) => about(heard.get(name) ?? [], payment),
    refused,
  };
}

/** Some name of what a refund gives back only their own id. */
function about(heard: readonly Heard[], payment: string): readonly Heard[] {
  const transactions = new Set<string>();
  for (const news of heard.flatMap(({ reading }) => reading.news)) {
    if (news.news !== 'payment' || news.payment !== payment) continue;
    if ('facts' in news.outcome) transactions.add(news.outcome.facts.transaction);
  }
  const isAbout = (news: GatewayNews) =>
    ('payment' in news && news.payment === payment) ||
    (news.news === 'refund' && transactions.has(news.ofTransaction));
  return heard.filter(({ reading }) => reading.news.some(isAbout));
}

async function toNotification(
  request: IncomingMessage,
  type: string,
): Promise<GatewayNotification> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const headers = Object.entries(request.headers).map(([name, value]) => [
    name,
    Array.isArray(value) ? value.at(-1) : value,
  ]);
  return {
    ...{ method: request.method ?? 'GET', type, query: (request.url ?? '').split('?')[1] ?? '' },
    headers: Object.fromEntries(headers) as GatewayNotification['headers'],
    ...{ body: Buffer.concat(chunks), ip: request.socket.remoteAddress ?? '' },
  };
}
