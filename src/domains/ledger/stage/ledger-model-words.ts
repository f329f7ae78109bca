// What the model of the ledger and the histories that are told to it speak of.

export type Name = 'source' | 'other' | 'purse' | 'second' | 'vault' | 'debt' | 'secondDebt';
export type Mode = 'plain' | 'fact' | 'upTo';

export interface ModelTransfer {
  readonly id: string;
  readonly mode: Mode;
  readonly lines: readonly (readonly [Name, bigint])[];
  readonly reverses?: string;
}

export interface ModelHold {
  readonly id: string;
  readonly account: Name;
  readonly amount: bigint;
  readonly expiresAtMs: number;
}

type Refusal = `${'below_zero' | 'conflict' | 'reversed'} ${string}`;
export type Outcome = 'done' | 'ended' | 'exceeded' | 'unknown' | Refusal;

export const DEBTS: Partial<Record<Name, Name>> = { purse: 'debt', second: 'secondDebt' };
export const GUARDED: readonly Name[] = ['purse', 'second', 'vault'];
export const SIDES: Readonly<Record<Name, bigint>> = {
  ...{ source: -1n, other: 1n, purse: 1n, second: 1n, vault: -1n, debt: -1n, secondDebt: -1n },
};
export const NAMES = Object.keys(SIDES) as Name[];
