import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createFakeClock, type FakeClock } from '#clock';
import { AppError } from '#errors';
import type { Account } from '#ledger/account';
import type { Ledger } from '#ledger/create-ledger';
import type { Transfer } from '#ledger/transfers';
import { testDatabase } from '#testing';
import { testLedger } from './fixture.ts';
import { LedgerModel } from './ledger-model.ts';
import {
  type Mode,
  type ModelHold,
  type ModelTransfer,
  NAMES,
  type Name,
  type Outcome,
  SIDES,
} from './ledger-model-words.ts';

const START = new Date('2026-03-01T10:00:00Z');
const HISTORIES = Number(process.env.KOPEK_TEST_HISTORIES ?? 100);

const database = await testDatabase();
let runs = 0;

interface Real {
  readonly ledger: Ledger;
  readonly clock: FakeClock;
  readonly accounts: ReadonlyMap<Name, Account>;
  /** Sets that were asked for, in order, to be asked for again. */
  readonly asked: (readonly ModelTransfer[])[];
  /** Ids of this history only. */
  id(number: number): string;
}

/** So that there is something to spend from the beginning. */
const FUNDS = [
  ['source', -400n],
  ['purse', 200n],
  ['second', 200n],
] as const;

const TYPES: Readonly<Record<Name, { readonly type: string; readonly label: string }>> = {
  source: { type: 'source', label: '' },
  other: { type: 'other', label: '' },
  purse: { type: 'purse', label: '' },
  second: { type: 'purse', label: 'second' },
  vault: { type: 'vault', label: '' },
  debt: { type: 'debt', label: '' },
  secondDebt: { type: 'debt', label: 'second' },
};

async function openReal(): Promise<Real> {
  runs += 1;
  const run = runs;
  const clock = createFakeClock(START);
  const ledger = await testLedger(database, clock);
  const names = NAMES.map((name) => ({ ...TYPES[name], currency: 'RUB', clientId: `run ${run}` }));
  const opened = await ledger.open(names);
  const accounts = new Map(NAMES.map((name, at) => [name, opened[at] as Account]));
  const tail = (number: number) => number.toString(16).padStart(12, '0');
  const id = (number: number) =>
    `${run.toString(16).padStart(8, '0')}-0000-7000-8000-${tail(number)}`;
  const asked = [[{ id: id(999), mode: 'plain', lines: FUNDS }]] as const;
  return { ledger, clock, accounts, id, asked: [...asked] };
}

/** A step of a history: does the same in both, and tells what came of it. */
interface Step {
  model(model: LedgerModel, id: Real['id'], asked: Real['asked']): Outcome;
  real(real: Real): Promise<Outcome>;
}

class Command implements fc.AsyncCommand<LedgerModel, Real> {
  readonly text: string;
  readonly step: Step;
  constructor(text: string, step: Step) {
    this.text = text;
    this.step = step;
  }
  check(): boolean {
    return true;
  }
  async run(model: LedgerModel, real: Real): Promise<void> {
    const expected = this.step.model(model, real.id, real.asked);
    assert.equal(await this.step.real(real), expected, this.text);
    for (const name of NAMES) {
      const view = await real.ledger.account(real.accounts.get(name)?.id ?? 0n);
      const want = { posted: SIDES[name] * (model.posted.get(name) ?? 0n), held: model.held(name) };
      assert.deepEqual({ posted: view.balanceMinor, held: view.heldMinor }, want, name);
    }
  }
  toString(): string {
    return this.text;
  }
}

interface Drawn {
  readonly number: number;
  readonly from: Name;
  readonly to: Name;
  readonly amount: bigint;
  readonly mode: Mode;
}

const number = fc.integer({ min: 0, max: 15 });
const holdNumber = fc.integer({ min: 0, max: 4 });
const amount = fc.bigInt({ min: 1n, max: 120n });
const name = fc.constantFrom<Name>(
  'source',
  'source',
  'other',
  'purse',
  'purse',
  'second',
  'vault',
);
const drawn: fc.Arbitrary<Drawn> = fc
  .record({
    ...{ number, from: name, to: name, amount },
    mode: fc.constantFrom<Mode>('plain', 'plain', 'fact', 'upTo'),
  })
  .filter(({ from, to }) => from !== to)
  .map((one) => (one.mode === 'upTo' && SIDES[one.from] !== 1n ? { ...one, mode: 'plain' } : one));

/** Small, and of numbers that no post has. */
const ofPurse = drawn.map(
  (one): Drawn => ({
    ...one,
    number: one.number + 50,
    from: 'purse',
    to: 'other',
    amount: 1n + (one.amount % 20n),
  }),
);

function toModel({ amount: by, from, mode, number: n, to }: Drawn, id: Real['id']): ModelTransfer {
  return { id: id(n), mode, lines: [[from, -by] as const, [to, by] as const] };
}

function toReal({ id, lines, mode }: ModelTransfer, { accounts }: Real): Transfer {
  return {
    ...{ id, kind: 'test', reference: 'a history' },
    lines: lines.map(([one, by]) => ({ account: accounts.get(one) as Account, amountMinor: by })),
    ...(mode === 'fact' ? { fact: true } : {}),
    ...(mode === 'upTo' ? { upTo: true } : {}),
  };
}

const post = fc
  .uniqueArray(drawn, { minLength: 1, maxLength: 3, selector: (one) => one.number })
  .map((set) => {
    const transfers = (id: Real['id']) => set.map((one) => toModel(one, id));
    return new Command(`post ${show(set)}`, {
      model: (model, id) => model.post(transfers(id)),
      real: async (real) => {
        real.asked.push(transfers(real.id));
        return submit(real, transfers(real.id));
      },
    });
  });

const repeat = fc.nat(20).map((n) => {
  const again = (asked: Real['asked']) => asked[n % asked.length] ?? [];
  return new Command(`repeat ${n}`, {
    model: (model, _, asked) => model.post(again(asked)),
    real: (real) => submit(real, again(real.asked)),
  });
});

async function submit(real: Real, set: readonly ModelTransfer[]): Promise<Outcome> {
  return toOutcome(await real.ledger.submit(set.map((one) => toReal(one, real))));
}

const reverse = fc
  .record({ number, target: fc.integer({ min: 0, max: 8 }), fact: fc.boolean() })
  .map((asked) => {
    const ids = (id: Real['id']) => ({ id: id(100 + asked.number), transfer: id(asked.target) });
    return new Command(`reverse ${show(asked)}`, {
      model(model, id) {
        const { id: own, transfer } = ids(id);
        return model.reverse(own, transfer, asked.fact);
      },
      real: (real) =>
        attempt(async () => {
          const reversal = { ...ids(real.id), fact: asked.fact };
          return toOutcome(await real.ledger.reverse(reversal));
        }),
    });
  });

const reserve = fc
  .record({ number: holdNumber, account: name, amount, forMs: fc.integer({ min: 1, max: 9000 }) })
  .map((asked) => {
    const hold = (id: Real['id'], nowMs: number): ModelHold => ({
      ...{ id: id(asked.number), account: asked.account, amount: asked.amount },
      expiresAtMs: nowMs + asked.forMs,
    });
    return new Command(`reserve ${show(asked)}`, {
      model: (model, id) => model.reserve(hold(id, model.nowMs)),
      real: async (real) => {
        const {
          account,
          amount: amountMinor,
          expiresAtMs,
          id,
        } = hold(...([real.id, real.clock.nowMs()] as const));
        const parts = [{ account: real.accounts.get(account) as Account, amountMinor }];
        const asked = { id, kind: 'test', reference: '', parts, expiresAt: new Date(expiresAtMs) };
        const reservation = await database.transaction((tx) => real.ledger.reserve(tx, [asked]));
        if (reservation.outcome === 'reserved') return 'done';
        return `${reservation.reason} ${reservation.hold}`;
      },
    });
  });

const settle = fc.record({ hold: holdNumber, drawn: fc.oneof(drawn, ofPurse) }).map((asked) => {
  const transfer = (id: Real['id']) => toModel({ ...asked.drawn, mode: 'plain' }, id);
  return new Command(`settle ${show(asked)}`, {
    model: (model, id) => model.settle(id(asked.hold), transfer(id)),
    real: (real) =>
      attempt(async () => {
        const settling = { hold: real.id(asked.hold), transfer: toReal(transfer(real.id), real) };
        return toOutcome(await database.transaction((tx) => real.ledger.settle(tx, settling)));
      }),
  });
});

const release = holdNumber.map(
  (n) =>
    new Command(`release ${n}`, {
      model: (model, id) => model.release(id(n)),
      real: (real) =>
        attempt(async () => {
          const ids = [real.id(n)];
          return toOutcome(await database.transaction((tx) => real.ledger.release(tx, ids)));
        }),
    }),
);

const wait = fc.record({ ms: fc.integer({ min: 1, max: 2000 }), looks: fc.boolean() }).map(
  ({ looks, ms }) =>
    new Command(`wait ${ms}${looks ? ' and expire' : ''}`, {
      model(model) {
        model.nowMs += ms;
        if (looks) model.expire();
        return 'done';
      },
      async real({ clock, ledger }) {
        clock.advanceMs(ms);
        if (looks) await ledger.expire();
        return 'done';
      },
    }),
);

function toOutcome(
  answer:
    | { readonly outcome: 'posted' | 'released' | 'ended' }
    | { readonly outcome: 'refused'; readonly transfer: string; readonly reason: string },
): Outcome {
  if (answer.outcome === 'refused') return `${answer.reason} ${answer.transfer}` as Outcome;
  return answer.outcome === 'ended' ? 'ended' : 'done';
}

async function attempt(work: () => Promise<Outcome>): Promise<Outcome> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    if (error.code === 'hold_exceeded') return 'exceeded';
    if (error.kind === 'not_found') return 'unknown';
    throw error;
  }
}

function show(value: unknown): string {
  return JSON.stringify(value, (_, one) => (typeof one === 'bigint' ? `${one}` : one));
}

test('whatever happens in whatever order, the ledger does what plain maps do', async () => {
  const weighted = [post, post, repeat, reverse, reserve, reserve, settle, settle, release, wait];
  const commands = fc.commands(weighted, { maxCommands: 40, size: 'max' });
  await fc.assert(
    fc.asyncProperty(commands, async (history) => {
      const real = await openReal();
      const model = new LedgerModel(START.getTime());
      for (const set of real.asked)
        assert.equal(await submit(real, set), model.post(set), 'the funds of the beginning');
      await fc.asyncModelRun(() => ({ model, real }), history);
    }),
    { numRuns: HISTORIES, interruptAfterTimeLimit: 120_000, markInterruptAsFailure: false },
  );
});

test('after all of these histories the ledger verifies, sealed and unsealed', async () => {
  const ledger = await testLedger(database);
  const before = await ledger.verify();
  assert.deepEqual(before.findings, []);
  assert.ok(before.entries > 100n);
  while ((await ledger.seal()) > 0);
  const after = await ledger.verify();
  assert.deepEqual(after.findings, []);
  assert.ok(after.blocks > 0n);
});
