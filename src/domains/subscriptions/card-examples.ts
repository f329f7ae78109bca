import { formatMoney } from '#money';
import type { CardDeclineReason, DeclineClass } from '#payments';
import {
  type Decline,
  defaultPolicy,
  ladderMessages,
  ladderSteps,
  messageAfterDecline,
  nextAttempt,
  type ToldReason,
  toldReason,
} from '#subscriptions/dunning';
import { createAnchor, namedIntervals, periodAt, type Quote, resume } from '#subscriptions/pricing';
import { basic, Life, local, pro, utc, yearly } from './pricing/fixture.ts';
import {
  accessOf,
  nextStatus,
  type SubscriptionStatus,
  type SubscriptionStep,
} from './subscription.ts';

/** The figures of the pages about cards, made by the code that they are about. Each is the table behind its `worked:` mark. */
export const workedExamples: Readonly<
  Record<'proration' | 'dunning' | 'card-lifecycle', Readonly<Record<string, () => string>>>
> = {
  proration: {
    periods,
    upgrade: () => linesOf(upgraded().quote),
    'same day': sameDay,
    year: () => linesOf(started(pro).change(utc('2026-03-11T07:00'), yearly)),
    downgrade: () =>
      linesOf(started(pro).change(utc('2026-03-11T07:00'), basic, { timing: 'now' })),
    coupon,
    end: ended,
    pause: paused,
  },
  dunning: {
    funds: () => attemptsOf('insufficient_funds', 'funds'),
    technical: () => attemptsOf('issuer_unavailable', 'technical'),
    ladder,
  },
  'card-lifecycle': { lives },
};

const MOSCOW = 'Europe/Moscow';
/** 1 March 2026 at 10:00 in Moscow. */
const MARCH = utc('2026-03-01T07:00');

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function started(price = basic): Life {
  return new Life({ at: MARCH, price });
}

function money(amountMinor: bigint): string {
  return formatMoney({ amountMinor, currency: 'RUB' });
}

function periods(): string {
  const { month, year } = namedIntervals;
  const anchors = [
    { at: utc('2027-01-31T07:00'), interval: month, timeZone: MOSCOW },
    { at: utc('2028-02-29T05:00'), interval: year, timeZone: 'Asia/Karachi' },
    { at: utc('2026-03-01T09:00'), interval: month, timeZone: 'Europe/Berlin' },
  ].map(createAnchor);
  const rows = [0, 1, 2, 3, 4].map((number) => [
    String(number),
    ...anchors.map((anchor) => local(periodAt(anchor, number).start, anchor.timeZone)),
  ]);
  return table(
    [
      'Period',
      'a month from 31 January, Moscow',
      'a year from 29 February, Karachi',
      'a month, Berlin',
    ],
    rows,
  );
}

function linesOf(quote: Quote): string {
  const rows = quote.lines.map(({ amountMinor, kind, plan, share, taxMinor }) => [
    ...[kind, plan, `${share.numerator}/${share.denominator}`, money(amountMinor), money(taxMinor)],
  ]);
  const due =
    quote.totalMinor < 0n ? ['to the balance', quote.creditMinor] : ['due now', quote.dueMinor];
  const [what, amountMinor] = due as [string, bigint];
  return table(
    ['Line', 'Plan', 'Share', 'Amount', 'of it VAT'],
    [...rows, [`**${what}**`, '', '', `**${money(amountMinor)}**`, '']],
  );
}

function upgraded() {
  const life = started();
  return { life, quote: life.change(utc('2026-03-11T07:00'), pro) };
}

function sameDay(): string {
  const life = started();
  const rows = (
    [
      ['2026-03-11T06:00', pro, 'basic → pro'],
      ['2026-03-11T11:00', basic, 'pro → basic'],
      ['2026-03-11T17:00', pro, 'basic → pro'],
    ] as const
  ).map(([at, price, what]) => {
    const quote = life.change(utc(at), price, { timing: 'now' });
    return [local(quote.at, MOSCOW), what, money(quote.totalMinor), money(quote.dueMinor)];
  });
  return table(
    ['Asked for', 'Change', 'Total', 'Due'],
    [
      ...rows,
      ['', '**spent for the day’s changes**', `**${money(life.spentMinor - 30_000n)}**`, ''],
    ],
  );
}

function coupon(): string {
  const life = new Life({
    at: MARCH,
    coupons: [
      {
        code: 'HALF',
        discount: { kind: 'percent', basisPoints: 5000 },
        fromPeriod: 0,
        untilPeriod: 1,
      },
    ],
  });
  const change = life.change(utc('2026-03-11T07:00'), pro);
  const rows = [...life.quotes.slice(0, 1), change, life.renew()].flatMap(({ lines }) =>
    lines.map(({ amountMinor, from, kind, periodPriceMinor, plan }) => [
      ...[local(from, MOSCOW), kind, plan, money(periodPriceMinor), money(amountMinor)],
    ]),
  );
  return table(['From', 'Line', 'Plan', 'A whole period', 'Amount'], rows);
}

function ended(): string {
  const { life } = upgraded();
  const quote = life.take(utc('2026-03-21T07:00'), {
    ...{ kind: 'cancel', timing: 'now', unused: 'refund' },
  });
  return table(
    ['Payment', 'Given back'],
    quote.refunds.map(({ amountMinor, payment }) => [`\`${payment}\``, money(amountMinor)]),
  );
}

function paused(): string {
  const life = started();
  const before = life.now.period.endsAt;
  const pausedAt = utc('2026-03-11T07:00');
  const { anchor, period } = resume(life.now, {
    ...{ pausedAt, resumedAt: utc('2026-03-21T07:00'), maxDays: 90 },
  });
  const next = periodAt(anchor, period.number + 1);
  return table(
    ['', 'Ends', 'The next ends'],
    [
      ['as it was', before, periodAt(life.now.anchor, 1).end] as const,
      ['after a pause of ten days', period.endsAt, next.end] as const,
    ].map(([what, ...ends]) => [what, ...ends.map((at) => local(at, MOSCOW))]),
  );
}

function attemptsOf(reason: CardDeclineReason, of: DeclineClass): string {
  const facts = { subscription: 'sub_1', timeZone: MOSCOW, firstDeclinedAt: MARCH };
  const card = { fingerprint: 'card-1', brand: 'Visa', declinedAt: [] };
  const declines: Decline[] = [];
  const rows: string[][] = [];
  let at: Date | undefined = MARCH;
  let because = 'the charge of the period';
  let lastTold: ToldReason | undefined;
  while (at) {
    declines.push({ at, reason, class: of, fingerprint: card.fingerprint });
    const next = nextAttempt({ ...facts, declines, card }, { policy: defaultPolicy, now: at });
    const message = messageAfterDecline(reason, next, lastTold);
    if (message) lastTold = toldReason(reason);
    rows.push([local(at, MOSCOW), because, message ? `\`${message.message}\`` : '']);
    if (next.next === 'retry') [at, because] = [next.at, `\`${next.because}\``];
    else at = undefined;
  }
  return table(['Declined', 'Tried because', 'Told'], rows);
}

function ladder(): string {
  const about = { policy: defaultPolicy, timeZone: MOSCOW };
  const rows = ladderMessages(ladderSteps(MARCH, about), about).map(({ at, text }) => [
    ...[local(at, MOSCOW), `\`${text.message}\``, 'before' in text ? text.before : ''],
  ]);
  return table(['At', 'Message', 'Before'], rows);
}

function lives(): string {
  const paths: readonly (readonly [string, readonly SubscriptionStep[]])[] = [
    ['paid month after month, cancelled', ['admit', 'pay', 'pay', 'cancel']],
    ['a trial, then paid', ['admit', 'begin_trial', 'pay']],
    ['a trial that ends without a card', ['admit', 'begin_trial', 'park', 'expire']],
    ['a first payment that stays incomplete', ['admit', 'expire']],
    ['declined, paid in grace', ['admit', 'pay', 'miss', 'miss', 'pay']],
    ['declined, held, paid with a new card', ['admit', 'pay', 'miss', 'park', 'pay']],
    ['declined to the end', ['admit', 'pay', 'miss', 'park', 'miss', 'expire']],
    ['paused and resumed', ['admit', 'pay', 'pause', 'resume', 'pay']],
  ];
  const rows = paths.map(([what, steps]) => {
    let status: SubscriptionStatus = 'registered';
    const passed = steps.map((step) => {
      status = nextStatus(status, step) ?? status;
      return `${step} → \`${status}\`${accessOf(status).open ? ' ●' : ''}`;
    });
    return [what, passed.join(', ')];
  });
  return table(['What happens', 'Steps and statuses (● access is open)'], rows);
}
