import {
  type Fields,
  json,
  Problem,
  type Reply,
  readChoice,
  readFlag,
  readMsisdn,
  readNumber,
  readShare,
  readText,
  refuseUnknown,
} from '#simulators/kit';
import type { MoPost } from './mo.ts';
import { waitingLimit } from './mo.ts';
import type { Operator } from './operator.ts';
import {
  methods,
  type Scenario,
  type ScenarioName,
  scenarioLimit,
  scenarioNames,
  scenarioOfNumber,
} from './scenarios.ts';
import { changeSettings, readDelay } from './settings.ts';
import type { Customer, Message } from './store.ts';

const maxTimes = 10_000_000;
const maxBalanceMinor = 1_000_000_000_000;
const maxMoLength = 2000;

/** What the original's test routes were called, and what each one forces. */
export const forcedScenarios: Readonly<Record<string, ScenarioName>> = {
  paid: 'paid',
  failed: 'refused',
  postpaid: 'postpaid',
};

export function forceOutcome(operator: Operator, path: string, fields: Fields): Reply {
  refuseUnknown(fields, ['count', 'msisdn']);
  const name = forcedScenarios[path] ?? 'normal';
  const times = fields.count === undefined ? 1 : readTimes(fields.count, 'count');
  refuseTooMany(operator);
  operator.board.force({ name, times, ...readNumberOf(fields) });
  return json(200, { forced: name, count: times });
}

export function addScenario(operator: Operator, fields: Fields): Reply {
  refuseUnknown(fields, ['msisdn', 'name', 'method', 'times', 'probability', 'delayMs']);
  const { method, times, probability, delayMs } = fields;
  const scenario: Scenario = {
    name: readChoice(fields.name, scenarioNames, 'name'),
    ...readNumberOf(fields),
    ...(method === undefined ? {} : { method: readChoice(method, methods, 'method') }),
    ...(times === undefined ? {} : { times: readTimes(times, 'times') }),
    ...(probability === undefined ? {} : { probability: readShare(probability, 'probability') }),
    ...(delayMs === undefined ? {} : { delayMs: readDelay(delayMs, 'delayMs') }),
  };
  refuseTooMany(operator);
  operator.board.add(scenario);
  return json(201, scenario);
}

export function listScenarios(operator: Operator): Reply {
  return json(200, { scenarios: operator.board.list(), names: scenarioNames });
}

export function clearScenarios(operator: Operator): Reply {
  operator.board.clear();
  return json(200, { scenarios: [] });
}

export function putSettings(operator: Operator, fields: Fields): Reply {
  operator.settings = changeSettings(operator.settings, fields);
  return json(200, operator.settings);
}

export function showCustomer(operator: Operator, msisdn: string): Reply {
  return json(200, describe(operator.store.customer(msisdn)));
}

export function putCustomer(operator: Operator, msisdn: string, fields: Fields): Reply {
  refuseUnknown(fields, ['balance_minor', 'postpaid', 'blocked']);
  const { balance_minor: balance, postpaid, blocked } = fields;
  const bounds = { field: 'balance_minor', min: -maxBalanceMinor, max: maxBalanceMinor };
  const customer = operator.store.changeCustomer(msisdn, {
    ...(balance === undefined ? {} : { balanceMinor: readNumber(balance, bounds) }),
    ...(postpaid === undefined ? {} : { postpaid: readFlag(postpaid, 'postpaid') }),
    ...(blocked === undefined ? {} : { blocked: readFlag(blocked, 'blocked') }),
  });
  return json(200, describe(customer));
}

export function topUp(operator: Operator, msisdn: string, fields: Fields): Reply {
  refuseUnknown(fields, ['amount_minor']);
  const bounds = { field: 'amount_minor', min: 1, max: maxBalanceMinor };
  const amountMinor = readNumber(fields.amount_minor, bounds);
  const balanceMinor = operator.store.customer(msisdn).balanceMinor + amountMinor;
  if (balanceMinor > maxBalanceMinor) {
    throw new Problem(400, 'The balance would be too high', 'amount_minor');
  }
  return json(200, describe(operator.store.changeCustomer(msisdn, { balanceMinor })));
}

/** The customer sends an SMS. Answered when it is on record; the platform may hear of it later. */
export function sendMo(
  { operator, moPost }: { readonly operator: Operator; readonly moPost: MoPost },
  msisdn: string,
  fields: Fields,
): Reply {
  refuseUnknown(fields, ['text', 'to']);
  const text = readText(fields.text, { field: 'text', maxLength: maxMoLength });
  const fallback = operator.settings.shortCode;
  const to = readText(fields.to, { field: 'to', maxLength: 15, fallback });
  if (moPost.waiting >= waitingLimit) throw new Problem(503, 'Too many SMS wait for delivery');
  const from = msisdn;
  const message: Message = operator.store.addMessage({
    direction: 'mo',
    clientId: null,
    from,
    to,
    text,
  });
  // Not before it is written: a crash must not leave the platform with an SMS that nobody sent.
  operator.store.whenWritten((failure) => failure === undefined && moPost.post(message));
  return json(200, { id: message.id, from, to, text, sent_at: message.at });
}

function describe({
  msisdn,
  balanceMinor,
  postpaid,
  blocked,
  debits,
  credits,
  messages,
}: Customer) {
  return {
    msisdn,
    balance_minor: balanceMinor,
    postpaid,
    blocked,
    debits: debits.length,
    credits: credits.length,
    messages: messages.length,
    scenario: scenarioOfNumber(msisdn),
  };
}

function refuseTooMany(operator: Operator): void {
  if (operator.board.size < scenarioLimit) return;
  throw new Problem(400, `At most ${scenarioLimit} scenarios at a time`, 'name');
}

function readNumberOf(fields: Fields): { readonly msisdn?: string } {
  return fields.msisdn === undefined ? {} : { msisdn: readMsisdn(fields.msisdn, 'msisdn') };
}

function readTimes(value: unknown, field: string): number {
  return readNumber(value, { field, min: 1, max: maxTimes });
}
