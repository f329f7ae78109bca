import assert from 'node:assert/strict';
import { askOnce } from '#auth';
import { sql } from '#database';
import type { RequestRow } from '#payments/intake';
import { eventually } from '#testing';
import type { AskedRequest, Taken } from './asked.ts';
import type { IntakeHouse } from './fixture.ts';

/** What tests of the intake ask, look at, and hold it to. */
export type Hands = ReturnType<typeof handsOf>;

let people = 0;
let keys = 0;

/** A machine that is four times slower than it should be still ends in time. */
const ROWS_MOST = 100;
export const PATIENCE = { timeoutMs: 60_000, intervalMs: 50 };

/** Somebody whom no test has met. */
export function newUser() {
  people += 1;
  const msisdn = `+7916${String(process.pid % 1000).padStart(3, '0')}${String(people).padStart(4, '0')}`;
  return { user: `user-${process.pid}-${people}`, msisdn };
}

export function handsOf(house: IntakeHouse, processingUrl: string) {
  const { clock, intake } = house;
  const looks = looksOf(house, processingUrl);

  function payment(
    who: { user: string; msisdn: string },
    changes: Partial<AskedRequest> = {},
  ): AskedRequest {
    const confirmedAt = clock.now();
    return {
      ...{ ...who, plan: 'month', kind: 'payment', askedBy: 'shop' },
      order: {
        ...{ version: 1, amountMinor: 19_900n, currency: 'RUB', locale: 'ru' },
        consent: {
          ...{ textShown: 'Cinema, 199 RUB a month', priceShown: '199.00 RUB', confirmedAt },
          evidence: { session: 'checkout 17' },
        },
      },
      ...changes,
    };
  }

  async function ask(asked: AskedRequest, key?: string): Promise<Taken> {
    keys += 1;
    const name = key ?? `key-${process.pid}-${keys}`;
    const body = {
      user: asked.user,
      kind: asked.kind,
      plan: asked.plan,
      of: asked.refund?.payment,
    };
    return intake.take(asked, askOnce({ principal: 'shop', key: name, route: 'POST /test', body }));
  }

  /** Asks for it; answers `payreq_…`. */
  async function request(asked: AskedRequest, key?: string): Promise<string> {
    const taken = await ask(asked, key);
    assert.ok(taken.outcome === 'taken', `${taken.outcome} is not taken`);
    return taken.request;
  }

  const statusOf = (row: RequestRow | undefined) =>
    row ? `${row.processing_status} ${row.payment_status}` : 'not saved';

  return {
    ...{ ...looks, ask, payment, request },
    refund: (
      who: { user: string; msisdn: string },
      of: string,
      amountMinor?: bigint,
    ): AskedRequest => ({
      ...{ ...who, plan: 'month', kind: 'refund', askedBy: 'shop' },
      refund: { payment: of, amountMinor },
    }),
    becomes: (name: string, status: string) =>
      eventually(async () => assert.equal(statusOf(await looks.rowOf(name)), status), PATIENCE),
    status: async (name: string) => statusOf(await looks.rowOf(name)),
  };
}

/** What is to be seen of it from outside. */
function looksOf({ database, intake, sms }: IntakeHouse, processingUrl: string) {
  /** Undefined while saver has not written it down. */
  const rowOf = (name: string): Promise<RequestRow | undefined> =>
    intake.find(name).catch((error: { readonly code?: string }) => {
      assert.equal(error.code, 'payment_request_unknown');
      return undefined;
    });

  return {
    rowOf,
    rowsOf: (names: readonly string[]) => Promise.all(names.map(rowOf)),
    /** The newest first of each. */
    rowsOfUsers: async (
      users: readonly { readonly user: string }[],
    ): Promise<readonly RequestRow[]> =>
      (
        await Promise.all(
          users.map(({ user }) => intake.list({ user, before: null, limit: ROWS_MOST })),
        )
      ).flat(),
    /** What the service's own book says of a user, in minor units. */
    async book(msisdn: string) {
      const { rows } = await sql<{ id: bigint }>`
        select id from subscriptions.customer where msisdn = ${msisdn}`.execute(database.pool);
      const account = `cus_${(rows[0]?.id ?? 0n).toString(36)}`;
      const answer = await fetch(`${processingUrl}/ledger?account=${account}`);
      const { entries } = (await answer.json()) as {
        entries: readonly { readonly kind: string; readonly amount_minor: number }[];
      };
      const amounts = (kind: string) =>
        entries.filter((one) => one.kind === kind).map((one) => one.amount_minor);
      return { debits: amounts('debit'), credits: amounts('credit') };
    },
    async subscriptionsOf(msisdn: string): Promise<readonly string[]> {
      const { rows } = await sql<{ status: string }>`
        select s.status from subscriptions.subscription s join subscriptions.customer c on c.id = s.customer_id
        where c.msisdn = ${msisdn} order by s.id`.execute(database.pool);
      return rows.map((row) => row.status);
    },
    async smsOf(msisdn: string): Promise<readonly string[]> {
      const asked = { entity: null, recipient: msisdn, state: null, before: null, limit: 100 };
      return (await sms.list(asked)).map((row) => row.kind);
    },
    async fault(fault: Readonly<Record<string, unknown>>): Promise<void> {
      const answer = await fetch(`${processingUrl}/faults`, {
        ...{ method: 'POST', headers: { 'content-type': 'application/json' } },
        body: JSON.stringify(fault),
      });
      assert.ok(answer.ok, await answer.text());
    },
  };
}
