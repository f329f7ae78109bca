import type { Address, NotificationFields } from './records.ts';

/** Numbers in JSON; everything else is a text there, with its leading zeros. */
const numbers = new Set([
  ...['TransactionId', 'PaymentTransactionId', 'Amount', 'PaymentAmount', 'TestMode', 'ReasonCode'],
  ...['RetryAfter', 'TotalFee', 'VatAboveTotalFee', 'ProcessorAndPartnerFee', 'Period'],
  ...['VatWithinProcessorFee', 'FallBackScenarioDeclinedTransactionId', 'MaxPeriods'],
  ...['SuccessfulTransactionsNumber', 'FailedTransactionsNumber', 'IpLatitude', 'IpLongitude'],
]);

const booleans = new Set(['RequireConfirmation']);

/** An amount keeps its two digits: `199.00`. */
export function toJsonBody(fields: NotificationFields): string {
  const members = Object.entries(fields).map(([name, value]) => {
    if (value === '') return `${JSON.stringify(name)}:null`;
    const isBare = numbers.has(name) || booleans.has(name);
    return `${JSON.stringify(name)}:${isBare ? value : JSON.stringify(value)}`;
  });
  return `{${members.join(',')}}`;
}

export function toFormBody(fields: NotificationFields, encoding: Address['Encoding']): string {
  return Object.entries(fields)
    .map(([name, value]) => `${name}=${encode(value, encoding)}`)
    .join('&');
}

function encode(text: string, encoding: Address['Encoding']): string {
  const bytes = encoding === 'UTF8' ? Buffer.from(text, 'utf8') : toWindows1251(text);
  let encoded = '';
  for (const byte of bytes) {
    const character = String.fromCharCode(byte);
    if (/[A-Za-z0-9._~-]/.test(character)) encoded += character;
    else if (character === ' ') encoded += '+';
    else encoded += `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return encoded;
}

/** Cyrillic and ASCII; whatever else there is becomes a question mark, as with the real one. */
function toWindows1251(text: string): Buffer {
  const bytes = [...text].map((character) => {
    const code = character.codePointAt(0) ?? 0;
    if (code < 0x80) return code;
    if (code >= 0x410 && code <= 0x44f) return code - 0x410 + 0xc0;
    if (character === 'Ё') return 0xa8;
    return character === 'ё' ? 0xb8 : 0x3f;
  });
  return Buffer.from(bytes);
}
