import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { sql } from '#database';
import { type PaymentResponse, paymentResponses } from '#payments';
import { type LoggedRequest, paymentRequestId, paymentStatusesOf } from '#payments/intake';
import { eventually, testDatabase } from '#testing';
import { monthly, openIntakeHouse } from './fixture.ts';
import { paymentOf } from './request-view.ts';
import { settleRequests } from './settle-requests.ts';
import { handsOf, newUser, PATIENCE } from './stage-fixture.ts';

const database = await testDatabase();
// Nobody is called: what the service says of a payment is a step of the history.
const house = await openIntakeHouse({ database, processingUrl: 'http://127.0.0.1:1' });
const { bus, cards, clock, ids, intake, requests } = house;
await database.transaction(async (tx) => {
  await cards.addPlan(tx, monthly);
  await cards.addPlan(tx, { ...monthly, code: 'year', title: 'Cinema, a year' });
});
const { rowsOf } = handsOf(house, 'http://127.0.0.1:1');
const processors = [intake.processor(), intake.processor()];
const stateMachine = cards.worker();
stateMachine.start();
// Only its ear: the turns are taken by hand.
const ear = bus.consume(
  { topic: paymentResponses('processing'), name: 'processor' },
  {},
  async (tx, messages) => {
    const responses = messages.map(({ payload }) => payload);
    await settleRequests({ clock, requests }, tx, responses);
  },
);
after(async () => {
  await ear.stop();
  await stateMachine.stop();
  await house.close();
});

type Step =
  | { readonly step: 'ask'; readonly who: number; readonly plan: 'month' | 'year' }
  /** The log delivers one again. */
  | { readonly step: 'again'; readonly which: number }
  | { readonly step: 'turn'; readonly processors: 1 | 2 }
  | {
      readonly step: 'answer';
      readonly outcome: PaymentResponse['outcome'];
      readonly times: 1 | 2;
    };

const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        ...{ step: fc.constant('ask' as const), who: fc.nat(1) },
        plan: fc.constantFrom('month' as const, 'year' as const),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ step: fc.constant('again' as const), which: fc.nat(20) }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        step: fc.constant('turn' as const),
        processors: fc.constantFrom(1 as const, 2 as const),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        step: fc.constant('answer' as const),
        outcome: fc.constantFrom('accepted' as const, 'declined' as const, 'failed' as const),
        times: fc.constantFrom(1 as const, 2 as const),
      }),
    },
  ),
  { minLength: 3, maxLength: 14 },
);

/** What must have become of each request, by its name, in the order of the log. */
interface Expected {
  readonly name: string;
  readonly lane: string;
  status: string;
}

const RUNS = 40;

test('whatever is asked, delivered again, raced for and answered: the latest counts, once at a time, and never after he is subscribed', async (t) => {
  await fc.assert(
    fc.asyncProperty(steps, async (history) => {
      const users = [newUser(), newUser()];
      const log: LoggedRequest[] = [];
      const expected: Expected[] = [];
      const subscribed = new Set<string>();
      for (const step of history) {
        if (step.step === 'ask') {
          const logged = newRequest(users[step.who] ?? newUser(), step.plan);
          log.push(logged);
          expected.push({ name: logged.request, lane: laneOf(logged), status: 'new unknown' });
          await save([logged]);
        } else if (step.step === 'again') {
          const again = log[step.which % Math.max(1, log.length)];
          if (again) await save([again]);
        } else if (step.step === 'turn') {
          await Promise.all(processors.slice(0, step.processors).map((one) => one.turn()));
          // Who was passed over, because the other one held him, is taken now.
          await processors[0]?.turn();
          takeTurn(expected, subscribed);
        } else await answer(expected, subscribed, step);
        await compare(expected);
      }
    }),
    { numRuns: RUNS, endOnFailure: true },
  );
  t.diagnostic(`${RUNS} histories`);
});

const laneOf = ({ service, user }: LoggedRequest) => `${user} ${service}`;

function newRequest(who: { user: string; msisdn: string }, plan: string): LoggedRequest {
  const at = clock.now().toISOString();
  return {
    ...{ ...who, request: paymentRequestId(ids.next(clock.nowMs())), service: plan },
    ...{ kind: 'payment', amount_minor: 19_900, currency: 'RUB', asked_by: 'shop', at },
    details: {
      version: 1,
      consent: { text: 'Cinema', price: '199', confirmed_at: at, evidence: { session: 's' } },
    },
  };
}

const save = (logged: readonly LoggedRequest[]) =>
  database.transaction((tx) => requests.save(tx, logged, clock.now()));

/** The rules, once more and in other words. */
function takeTurn(expected: readonly Expected[], subscribed: ReadonlySet<string>): void {
  for (const [lane, all] of Map.groupBy(expected, (one) => one.lane)) {
    const fresh = all.filter((one) => one.status === 'new unknown');
    const isUnderWay = all.some((one) => one.status === 'in_processing unknown');
    for (const one of fresh) {
      const isSent = one === fresh.at(-1) && !isUnderWay && !subscribed.has(lane);
      one.status = isSent ? 'in_processing unknown' : 'duplicated unknown';
    }
  }
}

const ENDS = { accepted: 'accepted', declined: 'decline', failed: 'error' } as const;

/** The oldest payment under way ends, and is told once or twice. */
async function answer(
  expected: readonly Expected[],
  subscribed: Set<string>,
  { outcome, times }: Extract<Step, { step: 'answer' }>,
): Promise<void> {
  const one = expected.find(({ status }) => status === 'in_processing unknown');
  if (!one) return;
  const [row] = await rowsOf([one.name]);
  assert.ok(row);
  const response: PaymentResponse = {
    ...{ payment: paymentOf(row) ?? '', reference: `${row.outcome}/0`, msisdn: row.msisdn },
    ...{ amount_minor: 19_900, currency: 'RUB', gateway: 'processing', outcome },
    ...(outcome === 'accepted' ? {} : { reason: 'do_not_honor' }),
    at: clock.now().toISOString(),
  };
  for (let told = 0; told < times; told += 1)
    await database.transaction((tx) =>
      bus.publish(tx, paymentResponses('processing'), [
        { key: String(row.customer_id), payload: response },
      ]),
    );
  one.status = `processed ${ENDS[outcome as keyof typeof ENDS]}`;
  if (outcome === 'accepted') subscribed.add(one.lane);
  await eventually(async () => {
    const depths = await bus.depths();
    const waiting = depths.filter(({ topic }) => topic === 'processing_responses');
    assert.equal(
      waiting.reduce((sum, { ready }) => sum + ready, 0),
      0,
    );
  }, PATIENCE);
  const status = outcome === 'accepted' ? 'active' : 'expired';
  await eventually(async () => assert.equal(await cardStatus(row.outcome ?? ''), status), PATIENCE);
}

async function cardStatus(subscription: string): Promise<string | undefined> {
  return (await cards.find(database.pool, subscription))?.status;
}

async function compare(expected: readonly Expected[]): Promise<void> {
  const rows = await rowsOf(expected.map((one) => one.name));
  const seen = rows.map((row) => `${row?.processing_status} ${row?.payment_status}`);
  assert.deepEqual(
    seen,
    expected.map((one) => one.status),
  );
  for (const row of rows) {
    assert.ok(row && paymentStatusesOf[row.processing_status].includes(row.payment_status));
    assert.equal(
      paymentOf(row) !== undefined,
      row.processing_status !== 'new' && row.processing_status !== 'duplicated',
    );
  }
  // As many payments as were sent, and no others.
  const sent = rows.flatMap((row) => (row && paymentOf(row)) ?? []);
  const { rows: payments } = await sql<{ count: bigint }>`
    select count(*) as count from payments.payment where msisdn = any (${rows.map((row) => row?.msisdn ?? '')}::text[])`.execute(
    database.pool,
  );
  assert.equal(Number(payments[0]?.count), sent.length);
}
