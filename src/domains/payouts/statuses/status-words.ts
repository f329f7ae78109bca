/** Who tells what becomes of payouts: the receivables feed, the ERP, and a bank's files. */
export type StatusSource = 'ard' | 'oebs' | 'bank';

/** What a word of the ERP or of a bank means: a step, or nothing that changes a payout. */
export type Meaning = 'acknowledge' | 'pay' | 'reject' | 'return' | 'nothing';

/** What a word of the receivables feed claims: it moves nothing, it confirms or contradicts. */
export type Claim = 'open' | 'settled' | 'refused';

const words = <Value>(value: Value, text: string): readonly (readonly [string, Value])[] =>
  text.split(/\s+/).map((word) => [word, value] as const);

/** Of Oracle Payments and Payables (IBY_PAYMENT_STATUSES, the open interface), and plain words for the same. */
const OEBS: ReadonlyMap<string, Meaning> = new Map([
  ...words<Meaning>('acknowledge', 'ACK ACCEPTED ACKNOWLEDGED RECEIVED CREATED IMPORTED PROCESSED'),
  ...words<Meaning>('acknowledge', 'INSTRUCTION_CREATED FORMATTED TRANSMITTED BANK_VALIDATED'),
  ...words<Meaning>('acknowledge', 'PENDING IN_PROGRESS NEGOTIABLE PENDING_REVIEW ISSUED'),
  ...words<Meaning>('pay', 'PAID CLEARED RECONCILED'),
  ...words<Meaning>('reject', 'REJECTED FAILED CANCELLED CANCELED REMOVED REMOVED_PAYMENT_STOPPED'),
  ...words<Meaning>('reject', 'FAILED_VALIDATION FAILED_BY_REJECTION_LEVEL FAILED_BY_CALLING_APP'),
  ...words<Meaning>('reject', 'REMOVED_DOCUMENT_VOIDED TRANSMISSION_FAILED TERMINATED STOPPED'),
  ...words<Meaning>('return', 'RETURNED VOID VOIDED'),
]);

/**
 * Of ISO 20022 (external code set of payment transaction statuses). `ACSC` says that the debtor's account was
 * debited, which is no proof that the partner has it. `PART` is said of a whole group: each payout has its own word.
 */
const BANK: ReadonlyMap<string, Meaning> = new Map([
  ...words<Meaning>('acknowledge', 'RCVD ACTC ACCP ACFC ACSP ACWC ACWP PDNG ACSC'),
  ...words<Meaning>('pay', 'ACCC PAID'),
  ...words<Meaning>('reject', 'RJCT CANC'),
  ...words<Meaning>('return', 'RTRN RETURNED'),
  ...words<Meaning>('nothing', 'PART'),
]);

const ARD: ReadonlyMap<string, Claim> = new Map([
  ...words<Claim>('open', 'OPEN ACK ACCEPTED CONFIRMED PENDING REGISTERED COVERED'),
  ...words<Claim>('settled', 'PAID CLOSED CLEARED SETTLED'),
  ...words<Claim>('refused', 'REJECTED BLOCKED CANCELLED CANCELED REFUSED'),
]);

const plain = (word: string) => word.trim().toUpperCase();

/** Undefined for a word that nobody knows: people look at it. */
export function meaningOf(source: Exclude<StatusSource, 'ard'>, word: string): Meaning | undefined {
  return (source === 'oebs' ? OEBS : BANK).get(plain(word));
}

export function claimOf(word: string): Claim | undefined {
  return ARD.get(plain(word));
}
