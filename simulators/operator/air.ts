import type { ServerResponse } from 'node:http';
import { admit, type CallReply, carryOut, send } from './exchange.ts';
import type { Operator } from './operator.ts';
import type { Choice, Method } from './scenarios.ts';
import { formatFault, formatResponse, type Member, parseCall, type UcipCall } from './ucip.ts';

export const responseCodes = {
  ok: 0,
  postpaid: 11,
  otherError: 100,
  blocked: 104,
  belowMinimumBalance: 124,
} as const;

const faults = { malformed: 1000, missing: 1001, unknownMethod: 1002 } as const;

type Rule = readonly [name: string, pattern: RegExp];
const someText = /^.{1,128}$/s;
const identityRules: readonly Rule[] = [
  ['originTransactionID', /^\d{1,20}$/],
  ['subscriberNumber', /^\+?\d{5,15}$/],
];
const commonRules: readonly Rule[] = [
  ['originNodeType', someText],
  ['originHostName', someText],
  ...identityRules,
  ['originTimeStamp', /^\d{8}T\d{2}:\d{2}:\d{2}[+-]\d{4}$/],
  ['subscriberNumberNAI', /^\d$/],
];
const rulesByMethod: ReadonlyMap<string, readonly Rule[]> = new Map([
  ['GetBalanceAndDate', commonRules],
  [
    'UpdateBalanceAndDate',
    [
      ...commonRules,
      ['transactionCurrency', /^[A-Z]{3}$/],
      ['adjustmentAmountRelative', /^-?[1-9]\d{0,11}$/],
      ['transactionType', someText],
      ['transactionCode', someText],
    ] as const,
  ],
  ['GetTransactionStatus', identityRules],
]);

/** A call whose members are all there and well formed. */
interface CheckedCall {
  readonly method: Method;
  readonly transactionId: string;
  readonly msisdn: string;
  readonly member: (name: string) => string;
}

/** `POST /air`: the one route that a benchmark is about. */
export function receiveUcip(operator: Operator, body: string, response: ServerResponse): void {
  if (!admit(operator, response)) return;
  const parsed = parseCall(body);
  const call =
    parsed === undefined ? fault(faults.malformed, 'Not a method call') : check(operator, parsed);
  if ('code' in call) {
    operator.calls.count('fault', call.code);
    send(operator, response, call);
    return;
  }
  const choice = operator.board.choose(call.method, call.msisdn);
  carryOut(operator, choice, {
    method: call.method,
    response,
    perform: () => perform(operator, call, choice),
    refuse: (code) => refuse(operator, call, code),
  });
}

function check(operator: Operator, { method, members }: UcipCall): CheckedCall | CallReply {
  const rules = rulesByMethod.get(method);
  const isInquiry = method === 'GetTransactionStatus';
  if (rules === undefined || (isInquiry && operator.settings.inquiry !== 'byOurId')) {
    return fault(faults.unknownMethod, 'Unknown method');
  }
  for (const [name, pattern] of rules) {
    if (!pattern.test(members.get(name) ?? '')) {
      return fault(faults.missing, `Mandatory field missing: ${name}`);
    }
  }
  const member = (name: string): string => members.get(name) ?? '';
  const number = member('subscriberNumber');
  return {
    // The rules' keys are the methods of this route.
    method: method as Method,
    transactionId: member('originTransactionID'),
    msisdn: number.startsWith('+') ? number.slice(1) : number,
    member,
  };
}

function perform(operator: Operator, call: CheckedCall, choice: Choice): CallReply {
  if (call.method === 'GetBalanceAndDate') return tellBalance(operator, call);
  if (call.method === 'GetTransactionStatus') return tellStatus(operator, call);
  const amountMinor = amountOf(call);
  return amountMinor < 0
    ? credit(operator, call, amountMinor)
    : debit(operator, call, { choice, amountMinor });
}

function tellBalance(operator: Operator, call: CheckedCall): CallReply {
  const customer = operator.store.customer(call.msisdn);
  if (customer.blocked) return respond(call, responseCodes.blocked);
  if (customer.postpaid) return respond(call, responseCodes.postpaid);
  return respond(call, responseCodes.ok, [
    ['serviceClassCurrent', 'i4', 1],
    ['currency1', 'string', operator.settings.currency],
    ['accountValue1', 'string', customer.balanceMinor],
  ]);
}

/** What is to be taken; negative for a credit. */
function amountOf(call: CheckedCall): number {
  return -Number(call.member('adjustmentAmountRelative'));
}

function debit(
  operator: Operator,
  call: CheckedCall,
  { amountMinor, choice }: { readonly amountMinor: number; readonly choice: Choice },
): CallReply {
  const earlier = earlierResult(operator, call, amountMinor);
  if (earlier !== undefined) return earlier;
  const code = whyNot(operator, call, amountMinor);
  if (code !== undefined && choice.behaviour.regardless !== true) {
    return refuse(operator, call, code);
  }
  const done = operator.store.addDebit(entryOf(call, amountMinor));
  return respondDone(call, done.balanceAfterMinor);
}

/** Whoever is blocked or postpaid by now is given back all the same. */
function credit(operator: Operator, call: CheckedCall, amountMinor: number): CallReply {
  const earlier = earlierResult(operator, call, amountMinor);
  if (earlier !== undefined) return earlier;
  if (call.member('transactionCurrency') !== operator.settings.currency)
    return refuse(operator, call, responseCodes.otherError);
  const done = operator.store.addCredit(entryOf(call, -amountMinor));
  return respondDone(call, done.balanceAfterMinor);
}

function entryOf(call: CheckedCall, amountMinor: number) {
  return {
    msisdn: call.msisdn,
    transactionId: call.transactionId,
    amountMinor,
    currency: call.member('transactionCurrency'),
    originTime: call.member('originTimeStamp'),
    externalData: call.member('externalData1'),
  };
}

function whyNot(operator: Operator, call: CheckedCall, amountMinor: number): number | undefined {
  const customer = operator.store.customer(call.msisdn);
  if (customer.blocked) return responseCodes.blocked;
  if (customer.postpaid) return responseCodes.postpaid;
  if (call.member('transactionCurrency') !== operator.settings.currency) {
    return responseCodes.otherError;
  }
  return customer.balanceMinor < amountMinor ? responseCodes.belowMinimumBalance : undefined;
}

/** An operator for whom a repeat is safe answers it like the first time, and does nothing. */
function earlierResult(
  operator: Operator,
  call: CheckedCall,
  amountMinor: number,
): CallReply | undefined {
  if (operator.settings.inquiry !== 'repeatIsSafe') return undefined;
  const { store } = operator;
  const debited = store.firstDebits.get(call.transactionId);
  const credited = store.firstCredits.get(call.transactionId);
  const done = debited ?? credited;
  const decline = store.decline(call.transactionId);
  const earlier = done ?? decline;
  if (earlier === undefined) return undefined;
  const asked = done !== undefined && done === credited ? -done.amountMinor : earlier.amountMinor;
  if (earlier.msisdn !== call.msisdn || asked !== amountMinor) {
    return respond(call, responseCodes.otherError);
  }
  if (done !== undefined) return respondDone(call, done.balanceAfterMinor);
  return decline && respond(call, decline.code);
}

function refuse(operator: Operator, call: CheckedCall, code: number): CallReply {
  if (call.method === 'UpdateBalanceAndDate' && operator.settings.inquiry !== 'none') {
    const amountMinor = amountOf(call);
    const earlier = earlierResult(operator, call, amountMinor);
    if (earlier !== undefined) return earlier;
    operator.store.addDecline(call.transactionId, { msisdn: call.msisdn, amountMinor, code });
  }
  return respond(call, code);
}

function tellStatus(operator: Operator, call: CheckedCall): CallReply {
  const { transactionId } = call;
  const { firstCredits, firstDebits } = operator.store;
  const done = firstDebits.get(transactionId) ?? firstCredits.get(transactionId);
  if (done?.msisdn === call.msisdn) return respondStatus(call, 'executed');
  const decline = operator.store.decline(call.transactionId);
  if (decline?.msisdn !== call.msisdn) return respondStatus(call, 'unknown');
  return respondStatus(call, 'declined', [['declineCode', 'i4', decline.code]]);
}

function respondStatus(
  call: CheckedCall,
  status: 'executed' | 'declined' | 'unknown',
  members: readonly Member[] = [],
): CallReply {
  return respond(call, responseCodes.ok, [['transactionStatus', 'string', status], ...members]);
}

function respondDone(call: CheckedCall, balanceMinor: number): CallReply {
  return respond(call, responseCodes.ok, [['accountValue1', 'string', balanceMinor]]);
}

function respond(call: CheckedCall, code: number, members: readonly Member[] = []): CallReply {
  const body = formatResponse([
    ['originTransactionID', 'string', call.transactionId],
    ['responseCode', 'i4', code],
    ...members,
  ]);
  return { status: 200, type: 'text/xml; charset=utf-8', body, code };
}

function fault(code: number, text: string): CallReply {
  return {
    status: 200,
    type: 'text/xml; charset=utf-8',
    body: formatFault(code, text),
    code,
  };
}
