import { createHash } from 'node:crypto';
import { parcel } from '#bus';
import type { Tx } from '#database';
import { isE164 } from '#phone';
import type { SmsContext } from '#sms/context';
import { WEBHOOK_SCOPE } from '#sms/tell-events';
import { type IncomingSms, incomingSms, smsEvents } from '#sms/topics';
import { insertIncoming, readKeywords } from './incoming-store.ts';
import { routeKeyword } from './keyword.ts';
import { isStop } from './stop-words.ts';

export interface Received {
  /** Who delivered it. */
  readonly provider: string;
  /** Its id there: a repeated delivery changes nothing. */
  readonly id: string;
  readonly msisdn: string;
  readonly shortCode: string;
  readonly text: string;
}

export type Reception = { readonly outcome: 'received' | 'repeated' };

const STOP_LIST = 'stop';

/**
 * Stores what a customer sent, once; puts the number on the stop list where it says so; and tells those whom it concerns:
 * the operator of the number, whose subscriptions end, and the owner of the keyword.
 */
export async function receiveMessage(
  context: SmsContext,
  tx: Tx,
  received: Received,
): Promise<Reception> {
  const { bus, clock, rules } = context;
  const now = clock.now();
  const at = now.toISOString();
  const { id, msisdn, provider, shortCode, text } = received;
  const keyword = routeKeyword(await readKeywords(tx, shortCode), text);
  const stops = isStop(text);
  const isNew = await insertIncoming(tx, {
    ...{ provider, id, sender: msisdn, shortCode, body: text, receivedAt: now },
    ...{ entity: keyword?.entity ?? null, keyword: keyword?.keyword ?? null },
    action: stops ? 'stop' : keyword ? 'forward' : null,
  });
  if (!isNew) return { outcome: 'repeated' };
  // A service writes from a name or a short code: nobody to stop writing to, and no operator's customer.
  const isNumber = isE164(msisdn);
  if (stops && isNumber) {
    // A code that belongs to one entity stops that one; one that nobody has claimed stops all.
    const entry = { list: STOP_LIST, msisdn, reason: `SMS to ${shortCode}`, at: now };
    await rules.suppress(tx, [keyword ? { ...entry, entity: keyword.entity } : entry]);
  }
  const operator = context.routes.operatorOf(msisdn) ?? provider;
  const message: IncomingSms = { id, operator, msisdn, short_code: shortCode, text, at };
  await bus.publishAll(tx, [
    ...(isNumber ? [parcel(incomingSms(operator), [{ key: msisdn, payload: message }])] : []),
    parcel(smsEvents, [
      {
        key: msisdn,
        payload: {
          ...{ event: 'received', sms: `${provider}:${id}`, kind: 'incoming', msisdn, text, at },
          ...(stops && { reason: 'stop' }),
        },
      },
    ]),
  ]);
  if (keyword) await forward(context, tx, { received, keyword, stops });
  return { outcome: 'received' };
}

interface Forwarding {
  readonly received: Received;
  readonly keyword: {
    readonly entity: string;
    readonly keyword: string;
    readonly callback_url: string | null;
  };
  readonly stops: boolean;
}

async function forward(
  { clock, webhooks }: SmsContext,
  tx: Tx,
  { keyword, received, stops }: Forwarding,
): Promise<void> {
  const { id, msisdn, provider, shortCode, text } = received;
  const digest = createHash('sha256').update(`${provider} ${id}`).digest('base64url');
  await webhooks.enqueue(tx, [
    {
      ...{ id: `mo_${digest}`, type: 'sms.received', scope: WEBHOOK_SCOPE, key: msisdn },
      occurredAt: clock.now(),
      data: {
        entity: keyword.entity,
        provider,
        id,
        from: msisdn,
        to: shortCode,
        text,
        keyword: keyword.keyword,
        stops,
      },
      ...(keyword.callback_url === null ? {} : { callbackUrl: keyword.callback_url }),
    },
  ]);
}
