import { randomUUID } from 'node:crypto';
import { createApiKey } from '#auth';
import { findForm } from '#cli/html-form';
import { sql } from '#database';
import { formatId } from '#ids';
import type { Stage } from './stage.ts';

/** What people do, over real HTTP, as their browsers and phones would. */

/** The nth customer; the last two digits decide how the operator treats them (01: everything works). */
export function phoneOf(n: number, ending = '01'): string {
  return `92300${String(n).padStart(5, '0')}${ending}`;
}

/** A form that waits for the button. */
export interface Visit {
  readonly phone: string;
  readonly action: string;
  readonly fields: Readonly<Record<string, string>>;
}

const PATIENCE_MS = 10_000;

/** Opens the landing page of a person whose number came with the link. */
export async function openPage(stage: Stage, phone: string, link = 'demo'): Promise<Visit> {
  const answer = await fetch(`${stage.site}/lp/${link}?msisdn=${phone}`, {
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
  const form = findForm(await answer.text(), 'token');
  if (!answer.ok || !form) throw new Error(`the page answered ${answer.status} without a form`);
  return { phone, ...form };
}

/** Presses the button; true when the page said that it is done. Throws when nobody answers. */
export async function confirm(stage: Stage, visit: Visit): Promise<boolean> {
  const answer = await fetch(new URL(visit.action, stage.site), {
    method: 'POST',
    body: new URLSearchParams(visit.fields),
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
  await answer.text();
  return answer.ok;
}

export async function subscribe(stage: Stage, phone: string): Promise<Visit> {
  const visit = await openPage(stage, phone);
  if (!(await confirm(stage, visit))) throw new Error(`${phone} was not taken`);
  return visit;
}

/** The button pressed again and again until somebody answers. */
export async function insist(stage: Stage, visit: Visit, patienceMs = 20_000): Promise<void> {
  const endMs = performance.now() + patienceMs;
  while (!(await confirm(stage, visit).catch(() => false))) {
    if (performance.now() > endMs) throw new Error(`${visit.phone} gave up`);
    await new Promise((done) => setTimeout(done, 100));
  }
}

export async function sayStop(stage: Stage, phone: string): Promise<void> {
  await stage.book.tell(`/customers/${phone}/mo`, { text: 'STOP' });
}

export async function cancelByApi(stage: Stage, subscription: string): Promise<boolean> {
  const answer = await fetch(`${stage.site}/v1/subscriptions/${subscription}/cancel`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${stage.key}`,
      'content-type': 'application/json',
      'idempotency-key': randomUUID(),
    },
    body: '{}',
    signal: AbortSignal.timeout(60_000),
  });
  const text = await answer.text();
  if (answer.status >= 400) throw new Error(`cancel answered ${answer.status}: ${text}`);
  return answer.ok;
}

/** The public id of a customer's newest subscription. */
export async function subscriptionOf({ database }: Stage, phone: string): Promise<string> {
  const { rows } = await sql<{ customer_id: bigint; id: bigint }>`
    select s.customer_id, s.id from subscriptions.subscription s
    join subscriptions.customer c on c.id = s.customer_id
    where c.msisdn = ${`+${phone}`} order by s.id desc limit 1`.execute(database.pool);
  const [row] = rows;
  if (!row) throw new Error(`${phone} has no subscription`);
  return formatId('sub', { customerId: row.customer_id, id: row.id });
}

export interface Story {
  readonly status: string;
  readonly end_reason: string | null;
  readonly bill: string | null;
  readonly payment: string | null;
  readonly payments: number;
}

/** Where a customer's newest subscription, its newest bill and payment stand. */
export async function storyOf(stage: Stage, phone: string): Promise<Story | undefined> {
  const { rows } = await sql<Story>`
    select s.status, s.end_reason, b.state as bill, p.state as payment,
      (select count(*)::int from payments.payment x where x.customer_id = s.customer_id
        and x.kind = 'charge') as payments
    from subscriptions.subscription s
    join subscriptions.customer c on c.id = s.customer_id
    left join lateral (
      select state from subscriptions.bill b
      where b.customer_id = s.customer_id and b.subscription_id = s.id order by period desc limit 1
    ) b on true
    left join lateral (
      select state from payments.payment p where p.customer_id = s.customer_id and p.kind = 'charge'
      order by id desc limit 1
    ) p on true
    where c.msisdn = ${`+${phone}`} order by s.id desc limit 1`.execute(stage.database.pool);
  return rows[0];
}

/** How often the operator took money from this number. */
export async function debitsOf(stage: Stage, phone: string): Promise<number> {
  return (await stage.book.debits()).filter((debit) => debit.msisdn === phone).length;
}

/** What the operator gave back to this number, one amount a credit. */
export async function creditsOf(stage: Stage, phone: string): Promise<readonly number[]> {
  const credits = (await stage.book.credits()).filter((credit) => credit.msisdn === phone);
  return credits.map((credit) => credit.amount_minor);
}

/** The newest charge of this number: `pay_…`. */
export async function chargeOf({ database }: Stage, phone: string): Promise<string> {
  const { rows } = await sql<{ customer_id: bigint; id: bigint }>`
    select customer_id, id from payments.payment where msisdn = ${`+${phone}`} and kind = 'charge'
    order by id desc limit 1`.execute(database.pool);
  const [row] = rows;
  if (!row) throw new Error(`${phone} was never charged`);
  return formatId('pay', { customerId: row.customer_id, id: row.id });
}

/** As support asks for a refund, with a key that the demo's customers don't have. */
export async function refundByApi(
  stage: Stage,
  payment: string,
  body: { readonly amount_minor?: number } = {},
): Promise<void> {
  const { text } = await createApiKey(stage.database, {
    ...{ name: 'support', scopes: ['payments:refund'], now: new Date() },
  });
  const answer = await fetch(`${stage.site}/v1/payments/${payment}/refund`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${text}`,
      'content-type': 'application/json',
      'idempotency-key': randomUUID(),
    },
    body: JSON.stringify({ reason: 'asked by phone', ...body }),
    signal: AbortSignal.timeout(60_000),
  });
  if (!answer.ok) throw new Error(`refund answered ${answer.status}: ${await answer.text()}`);
}
