import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { messageOf } from '#errors';
import { fail } from './errors.ts';

/** A kind of account and its rules, as the configuration has them. */
export interface AccountType {
  readonly name: string;
  readonly title: string;
  readonly normalSide: 'debit' | 'credit';
  readonly mayGoBelowZero: boolean;
  /** Accounts of it are in this currency only. */
  readonly currency: string | undefined;
  /** The type that bears what a fact takes beyond zero. */
  readonly debtType: string | undefined;
}

const Rules = Type.Object(
  {
    title: Type.String({ minLength: 1, maxLength: 200 }),
    normal: Type.Union([Type.Literal('debit'), Type.Literal('credit')]),
    'below-zero': Type.Boolean(),
    currency: Type.Optional(Type.String({ pattern: '^[A-Z]{3}$' })),
    debt: Type.Optional(Type.String()),
  },
  { additionalProperties: false },
);
const rules = Compile(Rules);
/** The file of types that comes with Kopek. */
export const STANDARD_ACCOUNT_TYPES = join(
  import.meta.dirname,
  '..',
  '..',
  '..',
  'config',
  'account-types.yaml',
);
const NAME = /^[a-z][a-z0-9-]{0,39}$/;

/** Reads the file of account types. Throws `account_types_invalid`, naming the type and what is wrong with it. */
export async function readAccountTypes(file: string): Promise<readonly AccountType[]> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw fail('account_types_invalid', `The account types can not be read: ${messageOf(error)}`);
  });
  return parseAccountTypes(text, file);
}

export function parseAccountTypes(text: string, file: string): readonly AccountType[] {
  const refuse = (what: string) => fail('account_types_invalid', `${file}: ${what}.`);
  const read = parseYaml(text, refuse);
  if (typeof read !== 'object' || read === null || Array.isArray(read))
    throw refuse('must name account types, each with its rules');
  const types = Object.entries(read).map(([name, given]) => {
    if (!NAME.test(name)) throw refuse(`${name} is no name for a type: a-z, 0-9 and dash`);
    if (!rules.Check(given)) {
      const [first] = rules.Errors(given);
      throw refuse(
        `${name}${first ? `${first.instancePath.replaceAll('/', '.')} ${first.message}` : ''}`,
      );
    }
    return {
      ...{ name, title: given.title, normalSide: given.normal },
      ...{ mayGoBelowZero: given['below-zero'], currency: given.currency, debtType: given.debt },
    };
  });
  for (const type of types) checkDebt(type, types, refuse);
  return types;
}

function parseYaml(text: string, refuse: (what: string) => Error): unknown {
  try {
    return load(text);
  } catch (error) {
    throw refuse(`is no YAML: ${messageOf(error).split('\n')[0]}`);
  }
}

/** What a fact takes beyond zero must find a place that may go below it, on the other side. */
function checkDebt(
  type: AccountType,
  types: readonly AccountType[],
  refuse: (what: string) => Error,
): void {
  if (type.debtType === undefined) return;
  const debt = types.find(({ name }) => name === type.debtType);
  if (!debt) throw refuse(`${type.name}.debt names ${type.debtType}, which is no type`);
  if (type.normalSide !== 'credit' || type.mayGoBelowZero)
    throw refuse(`${type.name}.debt is for a type with normal: credit and below-zero: false`);
  if (debt.normalSide !== 'debit' || !debt.mayGoBelowZero)
    throw refuse(`${type.name}.debt must name a type with normal: debit and below-zero: true`);
}
