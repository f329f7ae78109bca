import type { Receipt, State } from '#simulators/sms-provider/centre';
import type { DialectName, Manners } from './manners.ts';
import { type Delivery, option, textField } from './wire.ts';

const words: Readonly<Record<State, readonly [string, number]>> = {
  scheduled: ['ENROUTE', 1],
  accepted: ['ENROUTE', 1],
  sent: ['ENROUTE', 1],
  delivered: ['DELIVRD', 2],
  undelivered: ['UNDELIV', 5],
  expired: ['EXPIRED', 3],
  rejected: ['REJECTD', 8],
  canceled: ['DELETED', 4],
};
const receiptClass = 0x04;
const intermediateClass = 0x20;
const tags = { receiptedMessageId: 0x001e, networkError: 0x0423, messageState: 0x0427 } as const;
const idDigits = 10;
const shownLetters = 20;

export function stateNumber(state: State): number {
  return words[state][1];
}

/** The id of the nth message as it stands in the answer to its submit. */
export function answeredId(number: number, { ids }: Manners): string {
  return ids === 'hex-then-decimal'
    ? number.toString(16).toUpperCase().padStart(8, '0')
    : String(number).padStart(idDigits, '0');
}

function receiptedId(id: string, { ids }: Manners): string {
  if (ids === 'hex-then-decimal') return String(Number.parseInt(id, 16)).padStart(idDigits, '0');
  return ids === 'decimal-then-hex' ? Number(id).toString(16).toUpperCase() : id;
}

export function toReceipt({ code, message, state, stateMs }: Receipt, manners: Manners): Delivery {
  const [stat, number] = words[state];
  const error = code ?? (state === 'delivered' ? '000' : '001');
  const text = textOf(manners.dialect, {
    ...{ id: receiptedId(message.providerId, manners), stat, error, text: message.text },
    ...{ submitted: new Date(message.acceptedMs), done: new Date(stateMs) },
    reached: state === 'delivered',
  });
  const withTlvs = manners.dialect === 'tlvs' || manners.dialect === 'tlvs-and-text';
  const networkError = Buffer.from([3, 0, Number.parseInt(error, 10) & 255]);
  return {
    ...{ from: message.to, to: message.from, coding: 0 },
    esmClass: state === 'sent' ? intermediateClass : receiptClass,
    content: manners.dialect === 'tlvs' ? Buffer.alloc(0) : Buffer.from(text, 'latin1'),
    options: withTlvs
      ? [
          option(tags.receiptedMessageId, textField(message.providerId)),
          option(tags.messageState, Buffer.from([number])),
          option(tags.networkError, networkError),
        ]
      : [],
  };
}

interface Facts {
  readonly id: string;
  readonly stat: string;
  readonly error: string;
  readonly text: string;
  readonly submitted: Date;
  readonly done: Date;
  readonly reached: boolean;
}

function textOf(dialect: DialectName, facts: Facts): string {
  const { done, error, id, reached, stat, submitted } = facts;
  const count = reached ? '001' : '000';
  const seconds = dialect === 'seconds';
  const [from, to] = [stamp(submitted, seconds), stamp(done, seconds)];
  const text = facts.text.slice(0, shownLetters).replaceAll(/[^\x20-\x7e]/g, '?');
  switch (dialect) {
    case 'short':
      return `id:${id} stat:${stat}`;
    case 'reordered':
      return `stat:${stat} err:${error} done date:${to} id:${id}`;
    case 'capitals':
      return `ID:${id} SUB:001 DLVRD:${count} SUBMIT DATE:${from} DONE DATE:${to} STAT:${stat.toLowerCase()} ERR:${error} Text:${text}`;
    default:
      return `id:${id} sub:001 dlvrd:${count} submit date:${from} done date:${to} stat:${stat} err:${error} text:${text}`;
  }
}

function stamp(at: Date, seconds: boolean): string {
  const digits = at.toISOString().replaceAll(/\D/g, '');
  return digits.slice(2, seconds ? 14 : 12);
}
