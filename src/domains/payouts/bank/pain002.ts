import { fail } from './errors.ts';
import { elementOf, elementsOf, readXml, textOf, type XmlElement } from './read-xml.ts';

/** What a bank says of a file, of a batch, or of one payment. */
interface Said {
  /** ACTC, ACCP, ACSP, ACSC, ACCC, PDNG, PART, RJCT, CANC, …; empty where it says nothing. */
  readonly status: string;
  readonly reason: string;
  /** The codes in it. */
  readonly codes: readonly string[];
}

/** ISO 20022 `pain.002`, the bank's answer to a file of orders. */
export interface BankReport extends Said {
  readonly messageId: string;
  readonly createdAt: Date;
  /** MsgId of the file that it answers. */
  readonly originalId: string;
  readonly batches: readonly (Said & {
    readonly id: string;
    readonly payments: readonly (Said & {
      readonly erpId: string;
      readonly at: Date | undefined;
    })[];
  })[];
}

/** A status of one payout, as the inbox keeps it. */
export interface BankStatus {
  readonly source: 'bank';
  readonly eventId: string;
  readonly erpId: string;
  readonly status: string;
  readonly reason?: string;
  readonly occurredAt?: Date;
}

const ID_LENGTH_MAX = 35;
const STATUS = /^[A-Z]{4}$/;
const REASON_LENGTH_MAX = 500;
/** Of a whole file or batch: its payments have their own words, or none. */
const MIXED = 'PART';
const REJECTED = 'RJCT';
/** It was refused because it had been seen before: that tells nothing of what was seen first. */
const DUPLICATE_CODES: ReadonlySet<string> = new Set([
  ...['AM05', 'DU01', 'DU02', 'DU03', 'DU04', 'DU05', 'DUPL'],
]);

/** Any version of the message. Throws `bank_report_malformed`, naming what is missing. */
export function readPain002(bytes: Buffer): BankReport {
  const document = elementOf(readXml(bytes), 'Document');
  const [body] = elementsOf(document, 'CstmrPmtStsRpt');
  if (!body) throw malformed('is no pain.002: it has no CstmrPmtStsRpt');
  const header = elementOf(body, 'GrpHdr');
  const original = elementOf(body, 'OrgnlGrpInfAndSts');
  const createdAt = readDate(textOf(header, 'CreDtTm'));
  if (!createdAt) throw malformed('has no CreDtTm that is a time');
  return {
    messageId: readId(header, 'MsgId'),
    createdAt,
    originalId: readId(original, 'OrgnlMsgId'),
    ...readSaid(original, 'GrpSts'),
    batches: elementsOf(body, 'OrgnlPmtInfAndSts').map((batch) => ({
      id: readId(batch, 'OrgnlPmtInfId'),
      ...readSaid(batch, 'PmtInfSts'),
      payments: elementsOf(batch, 'TxInfAndSts').map((payment) => ({
        erpId: readId(payment, 'OrgnlEndToEndId'),
        ...readSaid(payment, 'TxSts'),
        at: readDate(textOf(payment, 'AccptncDtTm')),
      })),
    })),
  };
}

/** A payment that went out in the file that a report answers. */
export interface SentPayment {
  readonly erpId: string;
  readonly batch: string;
}

/**
 * What a report says of each payment: its own word, else its batch's, else the whole file's. A refusal of the file or of a
 * batch as a duplicate says nothing of its payments: the first one stands. Of a single payment it becomes a word that
 * the machine doesn't know, so that people decide: giving the money back would pay twice.
 */
export function statusesOf(
  report: BankReport,
  sent: readonly SentPayment[],
): readonly BankStatus[] {
  const own = new Map<string, BankStatus>();
  for (const batch of report.batches) {
    for (const { at, codes, erpId, reason, status } of batch.payments) {
      if (status === '') continue;
      const duplicate = codes.find((code) => DUPLICATE_CODES.has(code));
      const word = status === REJECTED && duplicate ? `${REJECTED}/${duplicate}` : status;
      if (word !== MIXED) own.set(erpId, toStatus(report, { erpId, status: word, reason, at }));
    }
  }
  const ofBatch = new Map(report.batches.map((batch) => [batch.id, batch]));
  for (const { batch, erpId } of sent) {
    if (own.has(erpId)) continue;
    const said = [ofBatch.get(batch), report].find((one) => one && one.status !== '');
    if (!said || said.status === MIXED || isDuplicate(said)) continue;
    own.set(erpId, toStatus(report, { erpId, ...said, at: undefined }));
  }
  return [...own.values()];
}

/** Whether the bank refused the file as one that it had before. */
export function isDuplicate({ codes, status }: Said): boolean {
  return status === REJECTED && codes.some((code) => DUPLICATE_CODES.has(code));
}

function toStatus(
  { createdAt, messageId }: BankReport,
  said: { erpId: string; status: string; reason: string; at: Date | undefined },
): BankStatus {
  return {
    source: 'bank',
    eventId: `${messageId}/${said.erpId}/${said.status}`,
    ...{ erpId: said.erpId, status: said.status, occurredAt: said.at ?? createdAt },
    ...(said.reason === '' ? {} : { reason: said.reason }),
  };
}

/** `AC04 Account closed`: codes and words of all reasons. */
function readSaid(element: XmlElement, name: string): Said {
  const status = textOf(element, name);
  if (status !== '' && !STATUS.test(status)) throw malformed(`${name} "${status}" is no status`);
  const reasons = elementsOf(element, 'StsRsnInf').map((one) => {
    const reason = elementOf(one, 'Rsn');
    const code = textOf(reason, 'Cd') || textOf(reason, 'Prtry');
    const words = elementsOf(one, 'AddtlInf').map((line) => textOf(line, '#text'));
    return { code, text: [code, ...words].filter((part) => part !== '').join(' ') };
  });
  return {
    status,
    reason: reasons
      .map(({ text }) => text)
      .join('; ')
      .replaceAll(/\p{Cc}+/gu, ' ')
      .slice(0, REASON_LENGTH_MAX),
    codes: reasons.map(({ code }) => code),
  };
}

function readId(element: XmlElement, name: string): string {
  const id = textOf(element, name);
  if (id === '') throw malformed(`has no ${name} where one must stand`);
  if (id.length > ID_LENGTH_MAX || /\p{Cc}/u.test(id))
    throw malformed(`${name} has more than ${ID_LENGTH_MAX} letters`);
  return id;
}

function readDate(text: string): Date | undefined {
  const at = new Date(text);
  return text === '' || Number.isNaN(at.getTime()) ? undefined : at;
}

function malformed(what: string): Error {
  return fail('bank_report_malformed', `The file ${what}.`);
}
