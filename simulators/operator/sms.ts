import type { ServerResponse } from 'node:http';
import { type Fields, json, readMsisdn, readText } from '#simulators/kit';
import { admit, carryOut } from './exchange.ts';
import type { Operator } from './operator.ts';

const maxTextLength = 2000;

/** `POST /sms`: one SMS to a customer. The same id twice is two messages on the handset. */
export function receiveSms(operator: Operator, fields: Fields, response: ServerResponse): void {
  if (!admit(operator, response)) return;
  const clientId = readText(fields.id, { field: 'id', maxLength: 128 });
  const from = readText(fields.from, { field: 'from', maxLength: 15 });
  const to = readMsisdn(fields.to, 'to');
  const text = readText(fields.text, { field: 'text', maxLength: maxTextLength });
  carryOut(operator, chooseForSms(operator, to), {
    method: 'sms',
    response,
    perform: () => {
      const { id } = operator.store.addMessage({ direction: 'mt', clientId, from, to, text });
      return { ...json(200, { status: 'accepted', id }), code: 'accepted' };
    },
    refuse: (code) => ({ ...json(422, { status: 'rejected', code }), code }),
  });
}

function chooseForSms(operator: Operator, msisdn: string) {
  const choice = operator.board.choose('sms', msisdn);
  const { smsFailures } = operator.settings;
  if (choice.name !== 'normal' || smsFailures === 0) return choice;
  return operator.draw('sms') < smsFailures ? operator.board.fixed('down') : choice;
}
