import { type Static, Type } from 'typebox';

const closed = { additionalProperties: false } as const;
const Days = Type.Integer({ minimum: 1, maximum: 366 });

/** So many declined attempts of one card within so many hours; sliding. */
export const Budget = Type.Object(
  {
    most: Type.Integer({ minimum: 1, maximum: 1000 }),
    hours: Type.Integer({ minimum: 1, maximum: 24 * 90 }),
  },
  closed,
);
export type Budget = Static<typeof Budget>;

const Budgets = Type.Array(Budget, { maxItems: 5 });

/** What is done about a card bill that was declined, as data. Days are calendar days of the subscriber after the first decline. */
export const DunningPolicy = Type.Object(
  {
    /** On which days it is tried again. The day before hold and before the end are always among them. */
    retryDays: Type.Array(Days, { minItems: 0, maxItems: 30 }),
    /** When retries are made, in minutes of the subscriber's day; a step of access is taken when they close. */
    hours: Type.Object(
      {
        fromMinute: Type.Integer({ minimum: 0, maximum: 1439 }),
        toMinute: Type.Integer({ minimum: 1, maximum: 1440 }),
      },
      closed,
    ),
    /** After a technical decline it is tried once more soon, at whatever hour. */
    technicalRetry: Type.Object(
      {
        afterMinutes: Type.Integer({ minimum: 1, maximum: 1440 }),
        most: Type.Integer({ minimum: 0, maximum: 5 }),
      },
      closed,
    ),
    /** After so many tries within so many hours a card rests. */
    rest: Type.Object(
      {
        tries: Type.Integer({ minimum: 1, maximum: 100 }),
        withinHours: Type.Integer({ minimum: 1, maximum: 24 * 30 }),
        hours: Type.Integer({ minimum: 1, maximum: 24 * 30 }),
      },
      closed,
    ),
    /** Limits of the networks. `other` is for a brand that is not named. */
    budgets: Type.Object(
      { visa: Budgets, mastercard: Budgets, mir: Budgets, other: Budgets },
      closed,
    ),
    /** Where money was missing, a retry moves on to one of these days of the month if it is at most `reachDays` away. */
    paydays: Type.Object(
      {
        daysOfMonth: Type.Array(Type.Integer({ minimum: 1, maximum: 31 }), { maxItems: 31 }),
        reachDays: Type.Integer({ minimum: 0, maximum: 14 }),
      },
      closed,
    ),
    /** Access, whatever the retries do: a last word, then closed, then over. */
    ladder: Type.Object({ lastChanceDays: Days, holdDays: Days, endDays: Days }, closed),
    /** How many days before a charge it is announced: of periods shorter than 28 days, of longer ones, of those from 300 days on. */
    noticeDays: Type.Object(
      {
        short: Type.Integer({ minimum: 0, maximum: 30 }),
        usual: Type.Integer({ minimum: 0, maximum: 30 }),
        long: Type.Integer({ minimum: 0, maximum: 60 }),
      },
      closed,
    ),
  },
  closed,
);
export type DunningPolicy = Static<typeof DunningPolicy>;

/**
 * The defaults. Rest: CloudPayments' rule for regular payments (two tries, then a day). Budgets: Visa's and Mastercard's rules on
 * excessive retries, the stricter of the published texts. MIR publishes none: what the gateway says counts (`retryAfter`), and the rest.
 */
export const defaultPolicy: DunningPolicy = {
  retryDays: [1, 3, 5, 8],
  hours: { fromMinute: 600, toMinute: 720 },
  technicalRetry: { afterMinutes: 15, most: 1 },
  rest: { tries: 2, withinHours: 24, hours: 24 },
  budgets: {
    visa: [{ most: 15, hours: 720 }],
    mastercard: [
      { most: 10, hours: 24 },
      { most: 35, hours: 720 },
    ],
    mir: [],
    other: [
      { most: 10, hours: 24 },
      { most: 15, hours: 720 },
    ],
  },
  paydays: { daysOfMonth: [5, 10, 15, 25], reachDays: 2 },
  ladder: { lastChanceDays: 10, holdDays: 14, endDays: 21 },
  noticeDays: { short: 1, usual: 3, long: 7 },
};
