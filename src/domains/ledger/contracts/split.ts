/** A share of a charge, in hundredths of a per cent of what the customer paid. */
export interface Share {
  /** The account type that it is credited to. */
  readonly type: string;
  /** Whose account; empty where it is the house's own. */
  readonly clientId: string;
  readonly basisPoints: number;
}

/** A part of a charge, whole minor units. */
export interface Part {
  readonly type: string;
  readonly clientId: string;
  readonly amountMinor: bigint;
}

const WHOLE = 10_000n;

/** The platform's own part: it takes what rounding leaves, so that the parts always sum to the charge. */
export const PLATFORM = { type: 'revenue', clientId: '' } as const;

/** Parts an amount: each share is rounded down, the platform takes the rest. Parts of nothing are left out. */
export function splitAmount(amountMinor: bigint, shares: readonly Share[]): readonly Part[] {
  const parts = shares.map(({ basisPoints, clientId, type }) => ({
    ...{ type, clientId },
    amountMinor: (amountMinor * BigInt(basisPoints)) / WHOLE,
  }));
  const given = parts.reduce((sum, part) => sum + part.amountMinor, 0n);
  return [...parts, { ...PLATFORM, amountMinor: amountMinor - given }].filter(
    (part) => part.amountMinor !== 0n,
  );
}

/**
 * What each part gives back of a refund, when `refundedMinor` of `parts` had been given back before it. After refunds
 * of R in all, of a charge of T, a part has given back its R/T rounded down, and the platform the rest: a full refund
 * returns every part exactly, however many steps it took.
 */
export function giveBack(
  parts: readonly Part[],
  refund: { readonly refundedMinor: bigint; readonly amountMinor: bigint },
): readonly Part[] {
  const total = parts.reduce((sum, part) => sum + part.amountMinor, 0n);
  const before = refund.refundedMinor;
  const after = before + refund.amountMinor;
  if (refund.amountMinor <= 0n || after > total) {
    throw new RangeError(
      `must hold: ${refund.amountMinor} of what is left of ${total} is given back`,
    );
  }
  const isPlatform = (part: Part) =>
    part.type === PLATFORM.type && part.clientId === PLATFORM.clientId;
  const given = parts
    .filter((part) => !isPlatform(part))
    .map((part) => ({
      ...part,
      amountMinor: (part.amountMinor * after) / total - (part.amountMinor * before) / total,
    }));
  const rest = refund.amountMinor - given.reduce((sum, part) => sum + part.amountMinor, 0n);
  return [...given, { ...PLATFORM, amountMinor: rest }].filter((part) => part.amountMinor !== 0n);
}
