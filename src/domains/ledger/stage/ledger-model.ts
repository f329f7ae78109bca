// What the ledger must do, in plain maps and loops: run beside the real one by model.test.ts.

import {
  DEBTS,
  GUARDED,
  type ModelHold,
  type ModelTransfer,
  NAMES,
  type Name,
  type Outcome,
  SIDES,
} from './ledger-model-words.ts';

type Made = readonly (readonly [Name, bigint])[];

interface Held extends ModelHold {
  state: 'open' | 'posted' | 'voided' | 'expired';
  transfer?: string;
}

/** Credit is positive. */
export class LedgerModel {
  posted = new Map<Name, bigint>(NAMES.map((name) => [name, 0n]));
  transfers = new Map<string, { key: string; made: Made }>();
  reversed = new Set<string>();
  readonly holds = new Map<string, Held>();
  nowMs: number;

  constructor(nowMs: number) {
    this.nowMs = nowMs;
  }

  held(name: Name): bigint {
    const open = [...this.holds.values()].filter((one) => one.state === 'open');
    return open.reduce((sum, one) => (one.account === name ? sum + one.amount : sum), 0n);
  }

  available(name: Name): bigint {
    return SIDES[name] * (this.posted.get(name) ?? 0n) - this.held(name);
  }

  post(set: readonly ModelTransfer[]): Outcome {
    const before = [this.posted, this.transfers, this.reversed] as const;
    [this.posted, this.transfers] = [new Map(before[0]), new Map(before[1])];
    this.reversed = new Set(before[2]);
    for (const transfer of set) {
      const why = this.postOne(transfer);
      if (why === undefined) continue;
      [this.posted, this.transfers, this.reversed] = before;
      return `${why} ${transfer.id}`;
    }
    return 'done';
  }

  private postOne(transfer: ModelTransfer): 'below_zero' | 'conflict' | 'reversed' | undefined {
    const key = keyOf(transfer);
    const known = this.transfers.get(transfer.id);
    if (known) return known.key === key ? undefined : 'conflict';
    if (transfer.reverses && this.reversed.has(transfer.reverses)) return 'reversed';
    let lines = transfer.lines;
    const [from, to] = lines;
    if (transfer.mode === 'upTo' && from && to) {
      const there = this.available(from[0]);
      const moved = there < to[1] ? there : to[1];
      if (moved <= 0n) return 'below_zero';
      lines = [[from[0], -moved] as const, [to[0], moved] as const];
    }
    const made = lines.flatMap((line) => this.book(line, transfer.mode === 'fact'));
    if (made.some(([name]) => GUARDED.includes(name) && this.available(name) < 0n))
      return 'below_zero';
    this.transfers.set(transfer.id, { key, made });
    if (transfer.reverses) this.reversed.add(transfer.reverses);
    return undefined;
  }

  /** A credit pays the debt first; what a fact takes beyond what there is becomes debt. */
  private book([name, amount]: readonly [Name, bigint], fact: boolean) {
    const debt = DEBTS[name];
    const owed = debt ? -(this.posted.get(debt) ?? 0n) : 0n;
    const there = this.available(name) > 0n ? this.available(name) : 0n;
    let part = 0n;
    if (debt && amount > 0n) part = amount < owed ? amount : owed;
    if (debt && amount < 0n && fact && there < -amount) part = amount + there;
    const made = (
      debt
        ? [
            [debt, part],
            [name, amount - part],
          ]
        : [[name, amount]]
    ) as [Name, bigint][];
    for (const [one, by] of made) this.posted.set(one, (this.posted.get(one) ?? 0n) + by);
    return made.filter(([, by]) => by !== 0n);
  }

  reverse(id: string, target: string, fact: boolean): Outcome {
    const made = this.transfers.get(target)?.made;
    if (!made) return 'unknown';
    const purse = (name: Name) => NAMES.find((one) => DEBTS[one] === name) ?? name;
    const lines = made.map(([name, by]) => [by < 0n ? purse(name) : name, -by] as const);
    return this.post([{ id, mode: fact ? 'fact' : 'plain', lines, reverses: target }]);
  }

  reserve(hold: ModelHold): Outcome {
    const known = this.holds.get(hold.id);
    const same = known?.account === hold.account && known.amount === hold.amount;
    if (known) return same ? 'done' : `conflict ${hold.id}`;
    if (GUARDED.includes(hold.account) && this.available(hold.account) < hold.amount)
      return `below_zero ${hold.id}`;
    this.holds.set(hold.id, { ...hold, state: 'open' });
    return 'done';
  }

  settle(id: string, transfer: ModelTransfer): Outcome {
    const hold = this.holds.get(id);
    if (!hold) return 'unknown';
    if (hold.state === 'posted' && hold.transfer === transfer.id) return this.post([transfer]);
    if (hold.state !== 'open' || hold.expiresAtMs <= this.nowMs) return 'ended';
    for (const [name, amount] of transfer.lines) {
      const most = name === hold.account ? hold.amount : GUARDED.includes(name) ? 0n : undefined;
      if (most !== undefined && -SIDES[name] * amount > most) return 'exceeded';
    }
    if (this.transfers.has(transfer.id)) return `conflict ${transfer.id}`;
    hold.state = 'posted';
    const outcome = this.post([transfer]);
    if (outcome === 'done') hold.transfer = transfer.id;
    else hold.state = 'open';
    return outcome;
  }

  release(id: string): Outcome {
    const hold = this.holds.get(id);
    if (!hold) return 'unknown';
    if (hold.state === 'posted' || hold.state === 'expired') return 'ended';
    hold.state = 'voided';
    return 'done';
  }

  expire(): number {
    const over = [...this.holds.values()].filter(
      (one) => one.state === 'open' && one.expiresAtMs <= this.nowMs,
    );
    for (const hold of over) hold.state = 'expired';
    return over.length;
  }
}

function keyOf({ lines, mode, reverses }: ModelTransfer): string {
  return JSON.stringify([mode, reverses ?? '', lines.map(([name, by]) => `${name} ${by}`)]);
}
