import { fail } from './errors.ts';

/** Where money of a currency goes, or comes from. */
export interface Requisites {
  readonly name: string;
  /** An IBAN, or whatever the bank calls an account. */
  readonly account: string;
  /** A BIC, or a clearing system with its member's number, such as `RUCBC:044525225`; empty where the account is enough. */
  readonly bank: string;
}

/** ISO 20022 has 140; what banks carry to the end is 70. */
const NAME_LENGTH_MAX = 70;
const IBAN = /^[A-Z]{2}\d{2}[A-Z0-9]{11,30}$/;
const OTHER_ACCOUNT = /^[A-Z0-9][A-Z0-9/.-]{0,33}$/;
const BIC = /^[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})?$/;
const MEMBER = /^([A-Z]{5}):([A-Z0-9]{1,35})$/;

/** Checked, without the blanks that people write into account numbers. Throws `requisites_malformed`, naming the field. */
export function checkRequisites(given: Requisites): Requisites {
  const name = given.name.trim();
  const account = given.account.replaceAll(/\s/g, '').toUpperCase();
  const bank = given.bank.replaceAll(/\s/g, '').toUpperCase();
  if (name === '' || name.length > NAME_LENGTH_MAX)
    throw malformed('name', `must be 1 to ${NAME_LENGTH_MAX} letters`);
  if (/[\p{Cc}\p{Cs}\p{Cn}\p{Co}]/u.test(name))
    throw malformed('name', 'must be without control characters and without half an emoji');
  if (looksLikeIban(account) && !isIban(account))
    throw malformed('account', 'must be an IBAN whose check digits are right');
  if (!looksLikeIban(account) && !OTHER_ACCOUNT.test(account))
    throw malformed('account', 'must be an IBAN, or at most 34 of A-Z, 0-9, slash, dot and dash');
  if (bank !== '' && !BIC.test(bank) && !MEMBER.test(bank))
    throw malformed('bank', 'must be a BIC, or five letters of a clearing system, colon, number');
  return { name, account, bank };
}

/** ISO 13616: the letters as numbers, the first four behind, modulo 97 is 1. */
export function isIban(account: string): boolean {
  if (!IBAN.test(account)) return false;
  const moved = account.slice(4) + account.slice(0, 4);
  const digits = moved.replaceAll(/[A-Z]/g, (letter) => String(letter.charCodeAt(0) - 55));
  return BigInt(digits) % 97n === 1n;
}

/** The clearing system and the number of its member, where a bank is named so. */
export function memberOf(
  bank: string,
): { readonly system: string; readonly number: string } | undefined {
  const [, system, number] = MEMBER.exec(bank) ?? [];
  return system === undefined || number === undefined ? undefined : { system, number };
}

function looksLikeIban(account: string): boolean {
  return /^[A-Z]{2}\d{2}[A-Z0-9]{8,}$/.test(account);
}

function malformed(field: string, message: string): Error {
  return fail('requisites_malformed', `${field} ${message}.`, { faults: [{ field, message }] });
}
