import { createHash } from 'node:crypto';
import { Pool } from 'undici';
import { sql } from '#database';
import { must } from '#errors';
import type { House } from '#house';
import { formatId } from '#ids';
import { cryptogramOf, standardPublicId } from '#simulators/cloudpayments';
import { type PricedSubscription, quote } from '#subscriptions/pricing';
import { API_SECRET, GATEWAY, PLAN } from './card-shop.ts';
import { showProgress } from './progress-bar.ts';

/** Approved when it is entered, and by its token too. */
const CARD = { number: '4000000000003055', expires: '1230', cvv: '123', name: 'BENCH' };
const PRICE = '199.00';
const CALLERS = 64;
const SET = 1000;
const HALF_HOUR_MS = 1_800_000;

export interface Filling {
  readonly house: House;
  readonly gatewayUrl: string;
  readonly count: number;
}

/**
 * Customers 1 to `count`, each with a card that the gateway knows and a subscription whose period ends in half an hour: it
 * can be renewed as soon as its row says when. Laid down in sets, beside the code that begins subscriptions.
 */
export async function fillCards({ count, gatewayUrl, house }: Filling): Promise<void> {
  const anchorAt = monthBefore(new Date(Date.now() + HALF_HOUR_MS));
  const priced = await pricedSince(house, anchorAt);
  const pool = new Pool(gatewayUrl, { connections: CALLERS });
  const cryptogram = cryptogramOf(CARD);
  const progress = count > SET * 10 ? showProgress('cards left with the gateway') : undefined;
  for (let from = 1; from <= count; from += SET) {
    const ids = Array.from({ length: Math.min(SET, count - from + 1) }, (_, at) => from + at);
    const tokens = await leaveCards(pool, cryptogram, ids);
    await insertSet(house, { ids, tokens, priced, anchorAt });
    progress?.(from + ids.length - 1, count);
  }
  await pool.close();
  await sql`select setval(pg_get_serial_sequence('subscriptions.customer', 'id'), ${count + 1})`.execute(
    house.database.pool,
  );
  await sql`analyze`.execute(house.database.pool);
}

function monthBefore(at: Date): Date {
  const before = new Date(at);
  before.setUTCMonth(before.getUTCMonth() - 1);
  return before;
}

/** As pricing would have begun it, a month ago. */
async function pricedSince({ subscriptions }: House, at: Date): Promise<PricedSubscription> {
  const plan = (await subscriptions.cards.plans()).find(({ code }) => code === PLAN);
  must(plan, 'the plan was added');
  const result = quote({
    ...{ at, precision: plan.precision },
    request: {
      ...{ kind: 'start', id: '', selection: { price: plan.price, quantity: 1 } },
      ...{ timeZone: plan.timeZone, trialDays: 0, coupons: [], balanceMinor: 0n },
    },
  });
  must(result.outcome === 'quoted' && result.quote.after, 'a start has a price');
  return result.quote.after;
}

/** Each is entered once and paid with; the gateway answers its token. */
async function leaveCards(
  pool: Pool,
  cryptogram: string,
  ids: readonly number[],
): Promise<readonly string[]> {
  const tokens: string[] = [];
  let next = 0;
  const leaveOn = async () => {
    for (let at = next++; at < ids.length; at = next++) {
      const id = ids[at] ?? 0;
      const answer = await pool.request({
        ...{ method: 'POST', path: '/payments/cards/charge' },
        headers: {
          authorization: `Basic ${btoa(`${standardPublicId}:${API_SECRET}`)}`,
          'content-type': 'application/json',
        },
        body: JSON.stringify({
          ...{ Amount: PRICE, Currency: 'RUB', IpAddress: '203.0.113.7', Name: CARD.name },
          ...{ InvoiceId: `first-${id}`, AccountId: accountOf(id), SaveCard: true },
          CardCryptogramPacket: cryptogram,
        }),
      });
      const said = (await answer.body.json()) as { Model?: { Token?: string }; Message?: string };
      const token = said.Model?.Token;
      if (!token) throw new Error(`the gateway keeps no card: ${JSON.stringify(said)}`);
      tokens[at] = token;
    }
  };
  await Promise.all(Array.from({ length: CALLERS }, leaveOn));
  return tokens;
}

/** What payments calls a payer at a gateway. */
export function accountOf(customerId: number): string {
  return `cus_${customerId.toString(36)}`;
}

interface FilledSet {
  readonly ids: readonly number[];
  readonly tokens: readonly string[];
  readonly priced: PricedSubscription;
  readonly anchorAt: Date;
}

async function insertSet({ database, sealer }: House, filled: FilledSet): Promise<void> {
  const { anchorAt, ids, priced, tokens } = filled;
  // As payments seals it: what opens in one row opens in no other.
  const sealed = tokens.map((token, at) =>
    sealer.seal(token, `payments.card ${ids[at]} ${GATEWAY}`),
  );
  const digests = tokens.map((token) =>
    createHash('sha256').update(`${GATEWAY} ${token}`).digest(),
  );
  const stored = JSON.stringify(mark(priced));
  const rows = ids.map((id) =>
    stored.replace(
      '"id":""',
      `"id":"${formatId('sub', { customerId: BigInt(id), id: BigInt(id) })}"`,
    ),
  );
  await database.transaction(async (tx) => {
    await sql`
      insert into subscriptions.customer (id, msisdn, created_at) overriding system value
      select n, '+7900' || lpad(n::text, 7, '0'), ${anchorAt} from unnest(${ids}::bigint[]) n`.execute(
      tx,
    );
    await sql`
      insert into subscriptions.consent (customer_id, id, service_id, terms_version, visit, method, text_shown,
        price_shown, locale, evidence, attribution, shown_at, confirmed_at, hash)
      select n, n, s.id, 1, n::text, 'pin', '', '', 'en', '{}', '{}', ${anchorAt}, ${anchorAt}, ''
      from unnest(${ids}::bigint[]) n, subscriptions.service s where s.code = ${PLAN}`.execute(tx);
    await sql`
      insert into subscriptions.subscription (customer_id, id, service_id, terms_version, operator, consent_id, status,
        anchor_at, period, paid_until, created_at)
      select n, n, s.id, 1, 'card', n, 'active', ${anchorAt}, 0, ${priced.period.endsAt}, ${anchorAt}
      from unnest(${ids}::bigint[]) n, subscriptions.service s where s.code = ${PLAN}`.execute(tx);
    await sql`
      insert into subscriptions.card_subscription (customer_id, id, priced, card_id, card_gateway, card_brand, card_mask,
        card_fingerprint, locale, bill_count, noticed_period, status_since)
      select n.id, n.id, n.priced::jsonb, n.id, ${GATEWAY}, 'Visa', '400000******3055', 'bench-' || n.id, 'en', 1, 1,
        ${anchorAt}
      from unnest(${ids}::bigint[], ${rows}::text[]) as n (id, priced)`.execute(tx);
    await sql`
      insert into subscriptions.bill (customer_id, subscription_id, period, amount_minor, currency, state, attempts,
        opened_at, closed_at)
      select n, n, 0, 19900, 'RUB', 'paid', 1, ${anchorAt}, ${anchorAt} from unnest(${ids}::bigint[]) n`.execute(
      tx,
    );
    await sql`
      insert into payments.card (customer_id, id, gateway, sealed_token, token_digest, fingerprint, mask, brand, expires,
        is_default, saved_at)
      select n.id, n.id, ${GATEWAY}, n.sealed, n.digest, 'bench-' || n.id, '400000******3055', 'Visa', '2030-12', true,
        ${anchorAt}
      from unnest(${ids}::bigint[], ${sealed}::text[], ${digests}::bytea[]) as n (id, sealed, digest)`.execute(
      tx,
    );
  });
}

/** As its column has it: JSON knows neither bigints nor moments. */
function mark(value: unknown): unknown {
  if (typeof value === 'bigint') return { $n: value.toString() };
  if (value instanceof Date) return { $t: value.toISOString() };
  if (Array.isArray(value)) return value.map(mark);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, mark(one)]));
}
