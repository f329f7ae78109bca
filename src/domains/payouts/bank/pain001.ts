import { controlSum, fromDecimal, toDecimal } from './decimal.ts';
import { elementOf, elementsOf, readXml, textOf } from './read-xml.ts';
import { isIban, memberOf, type Requisites } from './requisites.ts';

/** One payment to be made. */
export interface BankPayment {
  /** EndToEndId: it comes back in the bank's answers. */
  readonly erpId: string;
  /** The payout's public id, for the partner's statement. */
  readonly reference: string;
  readonly amountMinor: bigint;
  readonly creditor: Requisites;
}

/** All payments of one currency from one account. */
export interface BankBatch {
  readonly number: number;
  readonly currency: string;
  readonly debtor: Requisites;
  readonly payments: readonly BankPayment[];
}

export interface BankFile {
  readonly messageId: string;
  readonly createdAt: Date;
  readonly batches: readonly BankBatch[];
}

export const PAIN001 = 'urn:iso:std:iso:20022:tech:xsd:pain.001.001.09';

/** How the bank's answers name a batch. */
export function batchId(messageId: string, number: number): string {
  return `${messageId}-${number}`;
}

/**
 * ISO 20022 `pain.001.001.09`, the order of credit transfers. The same file is the same bytes, whenever it is written:
 * nothing of it comes from a clock or from chance.
 */
export function writePain001(file: BankFile): string {
  const { batches, createdAt, messageId } = file;
  const all = batches.flatMap((batch) => batch.payments.map((one) => ({ ...one, ...batch })));
  return `${[
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<Document xmlns="${PAIN001}">`,
    '<CstmrCdtTrfInitn>',
    '<GrpHdr>',
    tag('MsgId', messageId),
    tag('CreDtTm', seconds(createdAt)),
    tag('NbOfTxs', String(all.length)),
    tag('CtrlSum', controlSum(all)),
    `<InitgPty>${tag('Nm', batches[0]?.debtor.name ?? '')}</InitgPty>`,
    '</GrpHdr>',
    ...batches.flatMap((batch) => batchLines(file, batch)),
    '</CstmrCdtTrfInitn>',
    '</Document>',
  ].join('\n')}\n`;
}

function batchLines({ createdAt, messageId }: BankFile, batch: BankBatch): readonly string[] {
  const { currency, debtor, number, payments } = batch;
  return [
    '<PmtInf>',
    tag('PmtInfId', batchId(messageId, number)),
    tag('PmtMtd', 'TRF'),
    tag('NbOfTxs', String(payments.length)),
    tag('CtrlSum', controlSum(payments.map(({ amountMinor }) => ({ amountMinor, currency })))),
    `<ReqdExctnDt>${tag('Dt', createdAt.toISOString().slice(0, 10))}</ReqdExctnDt>`,
    `<Dbtr>${tag('Nm', debtor.name)}</Dbtr>`,
    `<DbtrAcct>${accountOf(debtor.account)}${tag('Ccy', currency)}</DbtrAcct>`,
    `<DbtrAgt>${agentOf(debtor.bank)}</DbtrAgt>`,
    ...payments.flatMap((payment) => paymentLines(payment, currency)),
    '</PmtInf>',
  ];
}

function paymentLines(
  { amountMinor, creditor, erpId, reference }: BankPayment,
  currency: string,
): readonly string[] {
  return [
    '<CdtTrfTxInf>',
    `<PmtId>${tag('EndToEndId', erpId)}</PmtId>`,
    `<Amt><InstdAmt Ccy="${currency}">${toDecimal(amountMinor, currency)}</InstdAmt></Amt>`,
    ...(creditor.bank === '' ? [] : [`<CdtrAgt>${agentOf(creditor.bank)}</CdtrAgt>`]),
    `<Cdtr>${tag('Nm', creditor.name)}</Cdtr>`,
    `<CdtrAcct>${accountOf(creditor.account)}</CdtrAcct>`,
    // An underscore is outside of what banks carry to the end.
    `<RmtInf>${tag('Ustrd', `Payout ${reference.replaceAll('_', '-')}`)}</RmtInf>`,
    '</CdtTrfTxInf>',
  ];
}

function accountOf(account: string): string {
  const id = isIban(account) ? tag('IBAN', account) : `<Othr>${tag('Id', account)}</Othr>`;
  return `<Id>${id}</Id>`;
}

function agentOf(bank: string): string {
  const member = memberOf(bank);
  const id = member
    ? `<ClrSysMmbId><ClrSysId>${tag('Cd', member.system)}</ClrSysId>${tag('MmbId', member.number)}</ClrSysMmbId>`
    : bank === ''
      ? `<Othr>${tag('Id', 'NOTPROVIDED')}</Othr>`
      : tag('BICFI', bank);
  return `<FinInstnId>${id}</FinInstnId>`;
}

function tag(name: string, text: string): string {
  return `<${name}>${escapeXml(text)}</${name}>`;
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

function escapeXml(text: string): string {
  return text.replaceAll(/[&<>]/g, (letter) => ENTITIES[letter] ?? letter);
}

function seconds(at: Date): string {
  return `${at.toISOString().slice(0, 19)}Z`;
}

/** What a written file says when it is read by another program than wrote it. */
export interface ReadFile {
  readonly messageId: string;
  readonly count: number;
  readonly controlSum: string;
  readonly payments: readonly {
    readonly erpId: string;
    readonly currency: string;
    readonly amountMinor: bigint | undefined;
  }[];
}

export function readPain001(bytes: Buffer): ReadFile {
  const body = elementOf(elementOf(readXml(bytes), 'Document'), 'CstmrCdtTrfInitn');
  const header = elementOf(body, 'GrpHdr');
  return {
    messageId: textOf(header, 'MsgId'),
    count: Number(textOf(header, 'NbOfTxs')),
    controlSum: textOf(header, 'CtrlSum'),
    payments: elementsOf(body, 'PmtInf').flatMap((batch) =>
      elementsOf(batch, 'CdtTrfTxInf').map((payment) => {
        const amount = elementOf(elementOf(payment, 'Amt'), 'InstdAmt');
        const currency = textOf(amount, '@Ccy');
        return {
          erpId: textOf(elementOf(payment, 'PmtId'), 'EndToEndId'),
          ...{ currency, amountMinor: fromDecimal(textOf(amount, '#text'), currency) },
        };
      }),
    ),
  };
}
