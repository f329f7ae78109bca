import type { ChosenFate, Order, Refusal, SmsCentre, State } from '#simulators/sms-provider/centre';
import type { Connection } from './connection.ts';
import type { Manners } from './manners.ts';
import { answeredId } from './receipt-text.ts';
import { readContent } from './text.ts';
import { commands, type Frame, readSubmit, type Submit, statuses, textField } from './wire.ts';

export interface SubmitCall {
  readonly centre: SmsCentre;
  readonly connection: Connection;
  readonly frame: Frame;
  readonly manners: Manners;
}

const refusalStatuses: Readonly<Record<Refusal, number>> = {
  throttled: statuses.throttled,
  temporary: statuses.systemError,
  'no-money': statuses.noMoney,
  'bad-number': statuses.badDestination,
  'bad-sender': statuses.badSource,
  'bad-text': statuses.forbiddenText,
  'stop-list': statuses.stopList,
  'bad-login': statuses.badPassword,
};
const finals: readonly State[] = ['delivered', 'undelivered', 'expired', 'rejected'];
const failures: readonly State[] = ['undelivered', 'expired', 'rejected'];
const relative = /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)\d{3}R$/;
const absolute = /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)\d(\d\d)([+-])$/;
const garbage = Buffer.from('HTTP/1.1 200 OK\r\n\r\n<html>');

/** Accepts a submit, or whatever scenarios, shares and the window say instead. */
export function takeSubmit(call: SubmitCall): void {
  const { centre, connection, manners } = call;
  connection.open += 1;
  const latencyMs = centre.latencyMs('smpp');
  if (!connection.submits) conclude(call, statuses.notBound, 'not_bound');
  else if (connection.open > manners.window || !centre.admits('smpp'))
    conclude(call, statuses.throttled, 'throttled');
  else if (latencyMs === 0) behave(call);
  else centre.delays.after(latencyMs, () => behave(call));
}

function behave(call: SubmitCall): void {
  const { centre, frame } = call;
  const submit = readSubmit(frame.body);
  if (!/^\d{5,15}$/.test(submit.to)) {
    conclude(call, statuses.badDestination, 'bad-number');
    return;
  }
  const fate = centre.fateOf('smpp', submit.to);
  if (fate.refusal !== undefined) {
    const status = fate.code === undefined ? refusalStatuses[fate.refusal] : Number(fate.code);
    conclude(call, status, fate.refusal);
  } else if (fate.effect === 'never') respond(call, fate, undefined);
  else if (!centre.canPay('smpp', 1)) conclude(call, statuses.noMoney, 'no-money');
  else if (fate.effect === 'now') accept(call, submit, fate);
  else centre.delays.after(fate.delayMs, () => accept(call, submit, fate));
}

function accept(call: SubmitCall, submit: Submit, fate: ChosenFate): void {
  const { centre, connection, manners } = call;
  const accepted = centre.accept(toOrder(submit, centre.nowMs()), {
    makeId: (number) => answeredId(number, manners),
    told: statesTold(submit.registered),
  });
  centre.count('smpp', 'accepted');
  centre.whenAccepted([accepted], (failure) => {
    if (failure) conclude(call, statuses.systemError, 'journal_failed');
    else if (fate.answer === 'late' && fate.effect !== 'late') {
      centre.delays.after(fate.delayMs, () => {
        connection.open -= 1;
        answerId(call, accepted.message.providerId);
      });
    } else respond(call, fate, accepted.message.providerId);
  });
}

function statesTold(registered: number): readonly State[] {
  const kind = registered & 0x03;
  const ends = kind === 1 ? finals : kind === 2 ? failures : [];
  return registered & 0x10 ? ['sent', ...ends] : ends;
}

function toOrder(submit: Submit, nowMs: number): Order {
  const { part, text } = readContent(submit);
  const validUntilMs = validUntil(submit.validity, nowMs);
  return {
    ...{ provider: 'smpp', to: submit.to, from: submit.from, text, parts: 1 },
    ...(validUntilMs === undefined ? {} : { validUntilMs }),
    ...(part && part.total > 1 ? { part } : {}),
  };
}

function validUntil(validity: string, nowMs: number): number | undefined {
  const span = relative.exec(validity)?.slice(1).map(Number);
  if (span) {
    const [years = 0, months = 0, days = 0, hours = 0, minutes = 0, seconds = 0] = span;
    const allDays = years * 365 + months * 30 + days;
    return nowMs + (((allDays * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000;
  }
  const found = absolute.exec(validity);
  if (!found) return undefined;
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0, quarters = 0] = found
    .slice(1, 8)
    .map(Number);
  const ahead = quarters * 15 * (found[8] === '-' ? -1 : 1);
  return Date.UTC(2000 + year, month - 1, day, hour, minute - ahead, second);
}

function respond(call: SubmitCall, { answer, effect }: ChosenFate, id: string | undefined): void {
  const { centre, connection, frame } = call;
  switch (answer) {
    case 'now':
    case 'late':
      connection.open -= 1;
      if (id !== undefined) answerId(call, id);
      return;
    case 'never':
      centre.count('smpp', 'no_answer');
      return;
    case 'cut':
      centre.count('smpp', 'cut');
      connection.cut();
      return;
    case 'garbage':
      connection.open -= 1;
      centre.count('smpp', 'garbage');
      connection.raw(garbage);
      return;
    case 'unavailable':
      conclude(call, statuses.queueFull, 'queue_full');
      return;
    case 'error':
      if (effect === 'never') {
        conclude(call, statuses.systemError, 'system_error');
        return;
      }
      // It is on record: a no would be a lie. This says nothing about which request it means.
      connection.open -= 1;
      centre.count('smpp', 'nack');
      connection.send({ command: commands.nack, status: statuses.systemError, sequence: 0 });
      return;
    default:
      connection.answer(frame, statuses.systemError);
  }
}

function answerId({ connection, frame }: SubmitCall, id: string): void {
  connection.answer(frame, statuses.ok, textField(id));
}

function conclude({ centre, connection, frame }: SubmitCall, status: number, name: string): void {
  connection.open -= 1;
  centre.count('smpp', name);
  connection.answer(frame, status);
}
