import type { SmsCentre } from '#simulators/sms-provider/centre';
import type { Connection } from './connection.ts';
import type { Manners } from './manners.ts';
import { stateNumber } from './receipt-text.ts';
import { type Frame, readCancel, readQuery, statuses, textField } from './wire.ts';

interface Question {
  readonly centre: SmsCentre;
  readonly connection: Connection;
  readonly frame: Frame;
  readonly manners: Manners;
}

const noTime = Buffer.from([0]);

export function answerQuery({ centre, connection, frame, manners }: Question): void {
  const { from, id } = readQuery(frame.body);
  const message = find(centre, id, from);
  if (!manners.query) connection.answer(frame, statuses.badCommand);
  else if (!message) connection.answer(frame, statuses.badMessageId);
  else {
    const { code, state } = message;
    const error = Number.parseInt(code ?? '0', 10) & 255;
    const body = [textField(id), noTime, Buffer.from([stateNumber(state), error])];
    connection.answer(frame, statuses.ok, Buffer.concat(body));
  }
}

export function answerCancel({ centre, connection, frame, manners }: Question): void {
  const { from, id } = readCancel(frame.body);
  const message = find(centre, id, from);
  if (!manners.cancel) connection.answer(frame, statuses.badCommand);
  else if (!message) connection.answer(frame, statuses.badMessageId);
  else {
    const cancelled = centre.ledger.cancel(message, centre.nowMs());
    centre.ledger.whenWritten(() => {
      connection.answer(frame, cancelled ? statuses.ok : statuses.cancelFailed);
    });
  }
}

/** By SMPP 3.4, §4.8.1 and §4.9.1, the sender must be that of the submit. */
function find(centre: SmsCentre, id: string, from: string) {
  const [message] = centre.ledger.find('smpp', id);
  return message?.from === from ? message : undefined;
}
