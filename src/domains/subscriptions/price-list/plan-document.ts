import { AmountMinor, CurrencyCode, type SendableOf, type Static, Type } from '#http';
import { type NewPlan, type Plan, text } from '#subscriptions/cards';
import { DunningPolicy, defaultPolicy, parseDunningPolicy } from '#subscriptions/dunning';
import { formatInterval, parseInterval } from '#subscriptions/pricing';
import { faultsInApiWords, fromApiWords, schemaInApiWords, toApiWords } from './api-words.ts';
import { documentReader } from './document-reader.ts';

export const PLAN_CODE = '^[a-z0-9][a-z0-9_-]{0,59}$';
const TEXTS_MOST = 50;
const DAYS_MOST = 366;
/** A month: nobody is asked for money longer before its period. */
const LEAD_MINUTES_MOST = 44_640;

const Whole = (maximum: number, description: string) =>
  Type.Integer({ minimum: 0, maximum, description });
const words = <const Words extends readonly string[]>(list: Words, description: string) =>
  Type.Unsafe<Words[number]>({ type: 'string', enum: list, description });

const Carrier = Type.Object({
  charge_window: Type.Optional(
    Type.Object({
      from_minute: Type.Integer({ minimum: 0, maximum: 1439 }),
      to_minute: Type.Integer({ minimum: 1, maximum: 1440 }),
    }),
  ),
  retry_after_minutes: Type.Optional(
    Type.Array(Type.Integer({ minimum: 1, maximum: 527_040 }), { maxItems: 50 }),
  ),
  keep_days: Type.Optional(Type.Integer({ minimum: 1, maximum: DAYS_MOST })),
  recent_hours: Type.Optional(Whole(24 * DAYS_MOST, 'refused again within them')),
});

/** What a version of a plan says, all of it. */
const terms = {
  title: text(200),
  operator: Type.Optional(
    text(60, 'whoever charges the phone, and brings the SMS. Left out: nobody, `card`'),
  ),
  methods: Type.Array(words(['phone', 'card'], 'with `phone` its operator may charge it too'), {
    ...{ minItems: 1, maxItems: 2, uniqueItems: true },
    description: '`card` is among them; `phone` only of a day or a week',
  }),
  price_minor: Type.Integer({
    ...{ minimum: 1, maximum: 10 ** 13, description: 'of one unit and period, tax included' },
  }),
  setup_fee_minor: Whole(10 ** 13, 'asked once, with the first paid period'),
  currency: CurrencyCode,
  interval: text(20, 'week, month, three_months, year or 10_days'),
  tax: Type.Object({
    name: Type.String({ pattern: '^[a-z][a-z0-9_]{0,30}$', description: 'such as vat22, none' }),
    basis_points: Whole(10_000, 'hundredths of a percent: 2200 is 22 %'),
  }),
  time_zone: text(60, 'an IANA name: the calendar that periods are counted by'),
  trial_days: Whole(DAYS_MOST, '0: none'),
  pause_days_most: Whole(DAYS_MOST, '0: it can not be paused'),
  lead_minutes: Whole(LEAD_MINUTES_MOST, 'how long before its period its money is asked for'),
  precision: words(['second', 'day'], 'how a part of a period is measured'),
  on_dispute: Type.Optional(
    words(
      ['end', 'keep'],
      'what becomes of a subscription whose payment the bank takes back. Left out: `end`',
    ),
  ),
  dunning: Type.Optional(
    Type.Unsafe<unknown>({
      ...schemaInApiWords(DunningPolicy),
      description: 'what is done about declines. Left out: what most do',
    }),
  ),
  texts: Type.Record(Type.String({ pattern: '^[a-z][a-z_]{0,39}$' }), text(1000), {
    ...{ maxProperties: TEXTS_MOST, description: 'SMS by occasion; an absent one is not sent' },
  }),
  carrier: Type.Optional(Carrier),
};

export const NewVersion = Type.Object({
  ...terms,
  version: Type.Optional(
    Type.Integer({
      ...{ minimum: 1, maximum: 2_147_483_647 },
      description: 'The newest that was read: refused (409) where there is a newer one by now.',
    }),
  ),
});
export const PlanDocument = Type.Object({
  code: Type.String({ pattern: PLAN_CODE, description: 'never another' }),
  ...terms,
});

/** A version as it stands, with what was left out filled in. */
export const PlanVersionShape = Type.Object({
  ...{ code: Type.String(), version: Type.Integer(), ...terms },
  ...{ setup_fee_minor: AmountMinor, price_minor: AmountMinor },
});

type Terms = Omit<Static<typeof NewVersion>, 'version'>;

/** Throws `interval_invalid`, `dunning_policy_invalid`, naming each field as the API does. */
export function planFromApi(code: string, told: Terms): Promise<NewPlan> {
  const { carrier, currency, dunning, interval, methods, on_dispute, tax } = told;
  return faultsInApiWords(async () => ({
    ...{ code, title: told.title, operator: told.operator ?? 'card', methods },
    ...{ timeZone: told.time_zone, trialDays: told.trial_days, precision: told.precision },
    ...{ pauseDaysMost: told.pause_days_most, leadMinutes: told.lead_minutes, texts: told.texts },
    dunning: dunning === undefined ? defaultPolicy : parseDunningPolicy(fromApiWords(dunning)),
    price: {
      unitPriceMinor: BigInt(told.price_minor),
      setupFeeMinor: BigInt(told.setup_fee_minor),
      ...{ currency, interval: parseInterval(interval) },
      tax: { name: tax.name, basisPoints: tax.basis_points },
    },
    ...(on_dispute === undefined ? {} : { onDispute: on_dispute }),
    ...(carrier ? { carrier: fromApiWords(carrier) as NonNullable<NewPlan['carrier']> } : {}),
  }));
}

export function planVersionToApi(plan: Plan): SendableOf<typeof PlanVersionShape> {
  const { carrier, code, dunning, price } = plan;
  return {
    ...{ code, version: price.version, title: plan.title, operator: plan.operator },
    ...{ methods: plan.methods, price_minor: price.unitPriceMinor, currency: price.currency },
    ...{ setup_fee_minor: price.setupFeeMinor, interval: formatInterval(price.interval) },
    tax: { name: price.tax.name, basis_points: price.tax.basisPoints },
    ...{ time_zone: plan.timeZone, trial_days: plan.trialDays, lead_minutes: plan.leadMinutes },
    ...{ pause_days_most: plan.pauseDaysMost, precision: plan.precision },
    ...{ on_dispute: plan.onDispute, texts: plan.texts, dunning: toApiWords(dunning) },
    carrier: toApiWords(carrier) as Static<typeof Carrier>,
  };
}

const readDocument = documentReader('plan', PlanDocument);

/** Reads a plan as the API takes it, from a file. Throws as `planFromApi`, and `document_invalid`, naming each field. */
export async function readPlanDocument(document: unknown): Promise<NewPlan> {
  const { code, ...told } = readDocument(document);
  return planFromApi(code, told);
}
