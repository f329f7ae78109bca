import { type PaymentState, type PaymentStep, paymentSteps } from '#payments';
import { type PayoutState, type PayoutStep, payoutSteps } from '#payouts';
import { type SmsState, smsSteps } from '#sms';
import { type SubscriptionStatus, type SubscriptionStep, subscriptionSteps } from '#subscriptions';
import type { Generator } from './generator.ts';
import { code, head, table } from './markdown.ts';

type Steps<State extends string, Step extends string> = Readonly<
  Record<State, Readonly<Partial<Record<Step, State>>>>
>;
type SmsStep = keyof (typeof smsSteps)[SmsState];

interface Machine<State extends string, Step extends string> {
  readonly title: string;
  readonly text: string;
  readonly source: string;
  readonly first: State;
  readonly steps: Steps<State, Step>;
  readonly meanings: Readonly<Record<Step, string>>;
}

const subscription: Machine<SubscriptionStatus, SubscriptionStep> = {
  title: 'Subscription',
  text:
    'Alive are `pending`, `trial`, `active`, `grace`, `hold` and `paused`: a customer has at most one alive ' +
    'subscription to a service. The content is open in `trial`, `active` and `grace`. Trials and pauses are for cards ' +
    '([their life](../concepts/card-lifecycle.md)); `pending` is a first payment that is not complete.',
  source: 'src/domains/subscriptions/subscription.ts',
  first: 'registered',
  steps: subscriptionSteps,
  meanings: {
    admit: 'the checks at the door were passed',
    reject: 'one is alive already, or `recent_hours` have not passed since the last',
    blacklist: 'the number is, or has come, on the blacklist',
    find_postpaid: 'the number is on the list of postpaid numbers, or its operator says so',
    pay: 'a charge was accepted',
    miss: 'a charge was declined for now',
    park: 'a period ended unpaid; by card, the ladder of access came to hold, or a trial ended without a card',
    begin_trial: 'by card: the first period is free, and nothing was charged',
    pause: 'its customer pauses a paid period',
    resume: 'he goes on, or the longest pause is over: the period ends later by the paused time',
    expire:
      'nothing was paid for `keep_days`, or the operator knows no such number; by card, the first payment stayed incomplete ' +
      'for 23 hours, the ladder came to its end, or a fixed term is over',
    cancel: 'STOP by SMS, by link or by the API',
    purge: 'everything of a number is ended; nothing asks for it yet',
  },
};

const payment: Machine<PaymentState, PaymentStep> = {
  title: 'Payment',
  text:
    'An attempt to take money, or to give it back; its id is the idempotency key towards the gateway. Open until `accepted`, ' +
    '`declined`, `failed`, `withdrawn`, `expired`, `uncollectible` or `conflicted`: at most one open payment for a reference. ' +
    'A refund takes the same steps, but for `withdraw`, `stop` and `list`: neither STOP nor a list holds it up. ' +
    'One that its payer makes on a page begins as `presented`. ' +
    'No gateway answers `fail` yet, and nothing gives up (`give_up`) by itself.',
  source: 'src/domains/payments/payment.ts',
  first: 'new',
  steps: paymentSteps,
  meanings: {
    claim: 'a worker took it, for the time of a lease',
    lease_lost: 'its worker died before it was begun: another takes it over',
    send: 'one statement, right before the call: still ours, not withdrawn, in time, on no list',
    accept: 'the gateway has taken the money, or given it back',
    decline: 'the gateway has said no, or its inquiry has',
    fail: 'the gateway can never do it',
    not_sent:
      'it certainly never reached the gateway: it goes out again, with the same id; of a refund also when the gateway ' +
      'knows nothing of it after its time',
    stop: 'it certainly never reached the gateway, and STOP was said meanwhile: it does not go out again',
    lose_answer: 'no answer, a torn one, or a worker that died: nobody knows',
    withdraw: 'STOP came before it was begun',
    expire: 'its `not_after` has passed',
    list: 'its number has come on a list while it waited',
    give_up: 'people settle it: it is never charged again',
    count: 'people have said that a conflict is what was asked for after all',
    authorize: 'by card, in two stages: the gateway has reserved the money',
    conflict: 'money moved, and not what was asked for: people look at it, it never counts as paid',
    void: 'what was reserved has been let go',
  },
};

const sms: Machine<SmsState, SmsStep> = {
  title: 'SMS',
  text:
    'One message to one handset, at most once. From `unknown` one way leads back to the queue: its provider, asked by our ' +
    'own id, has never had it. Ends are ends: what is reported later is kept and changes nothing. `failed` is what ' +
    'versions before 0.2 call `rejected`.',
  source: 'src/domains/sms/message.ts',
  first: 'deferred',
  steps: smsSteps,
  meanings: {
    wake: 'its time has come, and the rules that are in force now let it go',
    claim: 'a sender took it, or took it over from one that died before it began',
    submit:
      'the rules have the last word, its places in the counters are taken, its attempt is counted; then the call',
    defer: 'the rules let it go later',
    reroute: 'another provider may bring it, and this one takes none now',
    reject: 'the rules forbid it, or nobody may bring it',
    expire: 'its `expires_at` has passed',
    cancel: 'its caller has taken it back',
    withdraw:
      'taken back while it was under way, and it has certainly not left: it is not tried again',
    accept:
      'the provider has taken it; with one that tells nothing later it is `sent` at once, and that is its end',
    not_sent: 'it certainly did not leave: the next provider, or the same after its backoff',
    refuse: 'no provider will ever take it',
    lose_answer: 'it may have left: it is not sent again unasked',
    prove_unsent: 'its provider, asked by our own id twice and late enough, knows nothing of it',
    report_sent: 'on its way to the handset',
    report_delivered: 'all of its parts are on the handset',
    report_undelivered: 'a part could not be delivered',
    report_expired: 'the provider dropped it after its time',
    report_rejected: 'the network refused it',
    report_cancelled: 'the provider has dropped it, as asked',
    give_up: 'nothing was heard of it for three days after its time',
  },
};

const payout: Machine<PayoutState, PayoutStep> = {
  title: 'Payout',
  text:
    'A partner paid out of one account, at most one open payout an account. The money stands where the state says: in ' +
    '`payout` until `approved`, in `payout-reserved` while `reserved`, in `payout-sent` while `in_flight` or ' +
    '`acknowledged`; `paid`, it has left through `clearing`; `cancelled`, `rejected` and `returned`, it is in `payout` ' +
    'again. A conflict and a silence are flags beside the state.',
  source: 'src/domains/payouts/payout.ts',
  first: 'new',
  steps: payoutSteps,
  meanings: {
    check: 'oebs-gate took it up',
    hold: 'its client is held',
    release: 'the hold has ended: it is checked again',
    require_approval: 'it is above the limit: two people must approve it',
    approve: 'nobody need approve it, or enough people have',
    refuse: 'a person has refused it',
    expire: 'nobody has approved it for `PAYOUT_APPROVAL_DAYS`',
    reserve: 'its money was set aside: the smaller of the amount and of the balance',
    find_empty: 'nothing was left to be set aside',
    send: 'its money is under way, and the ERP is told in the same transaction',
    acknowledge: 'the ERP has taken it',
    pay: 'the ERP has paid it',
    cancel: 'a person has ended it before it was sent',
    reject: 'the ERP will not pay it: the money is given back',
    return: 'it came back after it was paid: the money is given back',
    settle: 'people have found that a rejected one was paid all the same: the money leaves again',
    resolve: 'people have ended a conflict or a silence',
  },
};

/** The machines as diagrams and tables, drawn from the tables that the code obeys. */
export const stateMachines: Generator = {
  path: 'docs/reference/state-machines.md',
  generate: async () =>
    [
      head('State machines', 'the step tables of the domains'),
      'Each machine is a table in the code, and that table alone decides: what is not in it never happens.\n',
      describeMachine(subscription),
      describeMachine(payment),
      describeMachine(sms),
      describeMachine(payout),
    ].join('\n'),
};

function describeMachine<State extends string, Step extends string>(
  machine: Machine<State, Step>,
): string {
  const { first, meanings, source, steps, text, title } = machine;
  const states = Object.keys(steps) as State[];
  const isFinal = (state: State) => Object.keys(steps[state]).length === 0;
  const moves = states.flatMap((from) =>
    (Object.entries(steps[from]) as [Step, State][]).map(([step, to]) => ({ from, step, to })),
  );
  // One arrow for each pair of states, however many steps lead along it.
  const arrows = [...Map.groupBy(moves, ({ from, to }) => `${from} --> ${to}`)].map(
    ([pair, along]) => `  ${pair}: ${along.map(({ step }) => step).join(', ')}`,
  );
  const diagram = [
    '```mermaid',
    'stateDiagram-v2',
    `  [*] --> ${first}`,
    ...arrows,
    ...states.filter(isFinal).map((state) => `  ${state} --> [*]`),
    '```',
  ];
  const rows = (Object.keys(meanings) as Step[]).map((step) => [
    code(step),
    meanings[step],
    moves
      .filter((move) => move.step === step)
      .map(({ from, to }) => `${from} → ${to}`)
      .join(', '),
  ]);
  return [
    `## ${title}\n`,
    `${text} The table: [${source.split('/').at(-1)}](../../${source}).\n`,
    ...diagram,
    '',
    table(['Step', 'What happened', 'Leads'], rows),
    `\nFinal: ${states.filter(isFinal).map(code).join(', ')}.\n`,
  ].join('\n');
}
