import { createHash } from 'node:crypto';

/** What a card of this family does at once and by token. */
interface Family {
  readonly threeDs: boolean;
  readonly first: 'approve' | 'no-money';
  readonly token: 'approve' | 'no-money';
}

const families = {
  'three-d-secure': { threeDs: true, first: 'approve', token: 'approve' },
  'three-d-secure-no-money': { threeDs: true, first: 'no-money', token: 'no-money' },
  plain: { threeDs: false, first: 'approve', token: 'approve' },
  'renewals-fail': { threeDs: false, first: 'approve', token: 'no-money' },
  'no-money': { threeDs: false, first: 'no-money', token: 'no-money' },
} as const satisfies Record<string, Family>;

export type FamilyName = keyof typeof families;

/** The gateway's test cards: of each family a Visa, a Mastercard and a MIR. */
export const testCards: Readonly<Record<FamilyName, readonly [string, string, string]>> = {
  'three-d-secure': ['4242424242424242', '5555555555554444', '2200000000000004'],
  'three-d-secure-no-money': ['4012888888881881', '5105105105105100', '2202202202202200'],
  plain: ['4000000000003055', '5205000000003055', '2202000000003055'],
  'renewals-fail': ['4111111111111111', '5200828282828210', '2200000022222222'],
  'no-money': ['4000056655665556', '5404000000000043', '2203000000000043'],
};

const familyOfNumber = new Map(
  (Object.keys(testCards) as FamilyName[]).flatMap((family) =>
    testCards[family].map((number) => [number, family] as const),
  ),
);

/** A card as the gateway remembers it: never its number. */
export interface Card {
  /** The same for the same number. */
  readonly id: string;
  readonly firstSix: string;
  readonly lastFour: string;
  /** `MM/YY`. */
  readonly expires: string;
  readonly type: 'Visa' | 'MasterCard' | 'MIR' | 'Unknown';
  readonly family: FamilyName;
  /** Its number has a wrong check digit. */
  readonly isMistyped: boolean;
}

export interface EnteredCard {
  readonly number: string;
  /** `12/30` or `1230`. */
  readonly expires: string;
  readonly cvv?: string;
  readonly name?: string;
}

export function familyOf(card: Card): Family {
  return families[card.family];
}

/** Its last day is over: a card is good until the end of its month. */
export function isExpired({ expires }: Pick<Card, 'expires'>, nowMs: number): boolean {
  const [month, year] = expires.split('/').map(Number);
  return nowMs >= Date.UTC(2000 + (year ?? 0), month ?? 0, 1);
}

/** What a checkout page sends instead of the number: with the real one encrypted, here only made unreadable at first sight. */
export function cryptogramOf({ cvv = '123', expires, name = '', number }: EnteredCard): string {
  const digits = number.replaceAll(/\D/g, '');
  const date = expires.replaceAll(/\D/g, '');
  const hidden = Buffer.from(JSON.stringify({ number: digits, expires: date, cvv, name }));
  const head = `01${digits.slice(0, 6)}${digits.slice(-4)}${date.slice(2)}${date.slice(0, 2)}02`;
  return head + hidden.toString('base64');
}

const headLength = 18;

/** Undefined where it is no cryptogram of `cryptogramOf`. */
export function readCryptogram(cryptogram: string): Card | undefined {
  try {
    const text = Buffer.from(cryptogram.slice(headLength), 'base64').toString('utf8');
    const { expires, number } = JSON.parse(text) as Readonly<Record<string, unknown>>;
    if (typeof number !== 'string' || !/^\d{13,19}$/.test(number)) return undefined;
    if (typeof expires !== 'string' || !/^(?:0[1-9]|1[0-2])\d\d$/.test(expires)) return undefined;
    return cardOf(number, `${expires.slice(0, 2)}/${expires.slice(2)}`);
  } catch {
    return undefined;
  }
}

function cardOf(number: string, expires: string): Card {
  return {
    id: `cd_${createHash('sha256').update(number).digest('hex').slice(0, 24)}`,
    firstSix: number.slice(0, 6),
    lastFour: number.slice(-4),
    expires,
    type: brandOf(number),
    family: familyOfNumber.get(number) ?? 'plain',
    isMistyped: !familyOfNumber.has(number) && !hasCheckDigit(number),
  };
}

function brandOf(number: string): Card['type'] {
  if (number.startsWith('4')) return 'Visa';
  if (/^220[0-4]/.test(number)) return 'MIR';
  return /^(?:5[1-5]|2[2-7])/.test(number) ? 'MasterCard' : 'Unknown';
}

/** The Luhn formula. */
function hasCheckDigit(number: string): boolean {
  let sum = 0;
  for (const [index, digit] of [...number].reverse().entries()) {
    const value = Number(digit) * (index % 2 === 0 ? 1 : 2);
    sum += value > 9 ? value - 9 : value;
  }
  return sum % 10 === 0;
}
