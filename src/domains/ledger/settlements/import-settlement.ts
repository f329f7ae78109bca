import { hash } from 'node:crypto';
import type { Clock } from '#clock';
import type { Database } from '#database';
import { AppError, must } from '#errors';
import type { Account } from '#ledger/account';
import { listBalances } from '#ledger/account-store';
import { fail } from '#ledger/errors';
import type { Accounts } from '#ledger/open-accounts';
import { credit, debit, type Poster, type Transfer } from '#ledger/transfers';
import type { Statement, StatementLine } from './settlement.ts';
import {
  addFacts,
  countLines,
  findFees,
  insertLines,
  type JudgedLine,
  listUnposted,
  type MatchRow,
  matchCharges,
  openSettlement,
  reportSettlement,
} from './settlement-store.ts';

export interface SettlementResult {
  readonly posted: number;
  readonly grossMinor: bigint;
  /** What was not posted, with why; the first thousand. */
  readonly left: readonly {
    readonly line: number;
    readonly transactionId: string;
    readonly why: string;
  }[];
  readonly leftInAll: number;
}

/** Statements of gateways close what they owe, and bring the cash that payouts are covered by. */
export interface Settlements {
  /**
   * Posts each line that matches a charge (or a refund) to the minor unit, and keeps the others with why. In sets, each
   * a transaction: one that was cut off is gone on with when the same bytes come again. Throws `settlement_repeated`
   * where a statement of that name had other bytes, `settlement_invalid` where it has no name or the gateway has collected
   * nothing in its currency: a mistyped name would leave accounts behind.
   */
  importSettlement(
    statement: Statement,
    progress?: (lines: number) => void,
  ): Promise<SettlementResult>;
}

const SET = 1000;
const LEFT_MAX = 1000;
const CURRENCIES_MAX = 200;

interface Gateway {
  readonly receivable: Account;
  readonly clearing: Account;
  readonly operatorShare: Account;
  readonly fees: Account;
}

export function createSettlements(options: {
  readonly database: Database;
  readonly clock: Clock;
  readonly accounts: Accounts;
  readonly poster: Poster;
}): Settlements {
  const { accounts, clock, database, poster } = options;

  async function open({ currency, gateway: clientId }: Statement): Promise<Gateway> {
    const [receivable, clearing, operatorShare, fees] = await accounts.open([
      { type: 'receivable', clientId, currency },
      { type: 'clearing', currency },
      { type: 'operator-share', clientId, currency },
      { type: 'fees', clientId, currency },
    ]);
    must(receivable && clearing && operatorShare && fees, 'an account for each name');
    return { receivable, clearing, operatorShare, fees };
  }

  async function importSet(
    gateway: Gateway,
    settlement: { readonly id: bigint; readonly name: string },
    lines: readonly StatementLine[],
  ): Promise<void> {
    await database.transaction(async (tx) => {
      const matches = await matchCharges(tx, { receivable: gateway.receivable.id, lines });
      const matchOf = new Map(matches.map((match) => [match.line, match]));
      const judged = lines.map((line) => judge(line, matchOf.get(line.line)));
      const posted = judged.filter(({ outcome }) => outcome === 'posted');
      await insertLines(tx, { settlementId: settlement.id, lines: judged });
      const charges = posted.flatMap(({ chargeId }) => (chargeId === null ? [] : [chargeId]));
      await addFacts(tx, { settlementId: settlement.id, charges });
      const told = await findFees(tx, {
        receivable: gateway.receivable.id,
        fees: charges.map(feeTransferId),
      });
      const transfers = posted.map((line) => {
        const toldMinor = told.get(feeTransferId(line.chargeId ?? '')) ?? 0n;
        return toTransfer(gateway, settlement.name, { ...line, toldMinor });
      });
      const posting = await poster.post(tx, transfers);
      if (posting.outcome === 'posted') return;
      const why = `The ledger refuses ${posting.transfer}: ${posting.reason}.`;
      throw new AppError('internal', 'settlement_not_posted', why);
    });
  }

  return {
    async importSettlement(statement, progress = () => {}) {
      await mustHaveCollected(database, statement);
      const gateway = await open(statement);
      const now = clock.now();
      const settlement = await database.transaction((tx) =>
        openSettlement(tx, { ...statement, now }),
      );
      if (settlement.hash !== statement.hash) {
        const why = `Statement ${statement.statement} of ${statement.gateway} was imported with other bytes.`;
        throw fail('settlement_repeated', why, {
          faults: [
            { field: 'statement', message: 'is the name of another file that was imported' },
          ],
        });
      }
      const done = await countLines(database.pool, settlement.id);
      const name = `${statement.gateway}/${statement.statement}`;
      for (let at = done; at < statement.lines.length; at += SET) {
        await importSet(gateway, { id: settlement.id, name }, statement.lines.slice(at, at + SET));
        progress(Math.min(at + SET, statement.lines.length));
      }
      return result(settlement.id);
    },
  };

  async function result(settlementId: bigint): Promise<SettlementResult> {
    const report = await reportSettlement(database.pool, settlementId);
    const left = await listUnposted(database.pool, { settlementId, limit: LEFT_MAX });
    const posted = report.find(({ outcome }) => outcome === 'posted');
    const others = report.filter(({ outcome }) => outcome !== 'posted');
    return {
      ...{ posted: posted?.lines ?? 0, grossMinor: posted?.gross ?? 0n },
      left: left.map((one) => ({
        ...{ line: one.line, transactionId: one.transaction_id, why: one.outcome },
      })),
      leftInAll: others.reduce((sum, { lines }) => sum + lines, 0),
    };
  }
}

const NAME_LENGTH_MAX = 100;

async function mustHaveCollected(database: Database, of: Statement): Promise<void> {
  const { currency, gateway, statement } = of;
  if (statement.length < 1 || statement.length > NAME_LENGTH_MAX || /\p{Cc}/u.test(statement)) {
    const message = `must be 1 to ${NAME_LENGTH_MAX} letters, without control characters`;
    throw fail('settlement_invalid', `The name of the statement ${message}.`, {
      faults: [{ field: 'name', message }],
    });
  }
  const query = { clientId: gateway, type: 'receivable', after: 0n, limit: CURRENCIES_MAX };
  const owing = await listBalances(database.pool, query);
  if (owing.some((account) => account.currency === currency)) return;
  const message = `${gateway} has collected nothing in ${currency}`;
  throw fail('settlement_invalid', `${message}: are gateway and currency right?`, {
    faults: [{ field: 'gateway', message }],
  });
}

function judge(line: StatementLine, match: MatchRow | undefined): JudgedLine {
  if (!match) return { ...line, outcome: 'unknown', chargeId: null };
  const chargeId = match.charge_id;
  if (match.settled) return { ...line, outcome: 'repeated', chargeId };
  if (match.owed !== line.grossMinor) return { ...line, outcome: 'amount_differs', chargeId };
  return { ...line, outcome: 'posted', chargeId };
}

/**
 * What the gateway keeps is not owed to it any more; the rest is on its way through the bank. Of its fee that part is
 * posted that was not posted when it was told.
 */
function toTransfer(
  gateway: Gateway,
  reference: string,
  line: JudgedLine & { readonly toldMinor: bigint },
): Transfer {
  const { feeMinor, grossMinor, operatorShareMinor, toldMinor } = line;
  const lines = [
    debit(gateway.clearing, grossMinor - feeMinor - operatorShareMinor),
    debit(gateway.operatorShare, operatorShareMinor),
    debit(gateway.fees, feeMinor - toldMinor),
    credit(gateway.receivable, grossMinor - toldMinor),
  ].filter(({ amountMinor }) => amountMinor !== 0n);
  return {
    id: settlementTransferId(line.chargeId ?? ''),
    kind: 'settlement',
    reference,
    fact: true,
    lines,
  };
}

/** The same for the same charge: it is settled once. */
function settlementTransferId(chargeId: string): string {
  return derivedId(`settlement ${chargeId}`);
}

/** Of what a gateway said at once that it keeps of a charge: posted then, and not again when it is settled. */
export function feeTransferId(chargeId: string): string {
  return derivedId(`fee ${chargeId}`);
}

function derivedId(name: string): string {
  const hex = hash('sha256', name, 'hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
