import { type CheckedPin, checkPin } from '#auth';
import { type Batcher, createBatcher } from '#batch';
import { type Bus, parcel } from '#bus';
import type { Database, Tx } from '#database';
import { must } from '#errors';
import { type ConsentInput, type Subscriptions, userActions } from '#subscriptions';

/** A person's word on its way to be stored. */
export interface Confirmation {
  readonly consent: ConsentInput;
  /** Given, the consent counts only if this PIN is right. */
  readonly pin?: { readonly subject: string; readonly typed: string };
}

/** `converted`: the consent is stored, now or before, and for this number. */
export type Confirmed =
  | { readonly outcome: 'converted'; readonly msisdn: string }
  | Exclude<CheckedPin, { readonly outcome: 'confirmed' }>;

export interface ConsentDependencies {
  readonly database: Database;
  readonly bus: Bus;
  readonly secret: string;
  readonly subscriptions: Pick<Subscriptions, 'consentsOf' | 'recordConsent'>;
}

/**
 * Takes confirmations durably and in sets. The PIN, the consent, what it sets going, and the memory that this
 * visit is over are one transaction: a form that comes twice, even at once, gives one consent and one answer.
 */
export function createConsentRecorder(
  dependencies: ConsentDependencies,
): Batcher<Confirmation, Confirmed> {
  const { database } = dependencies;
  return createBatcher<Confirmation, Confirmed>({
    flush: (batch) => database.transaction((tx) => recordBatch(tx, dependencies, batch)),
  });
}

async function recordBatch(
  tx: Tx,
  { bus, secret, subscriptions }: ConsentDependencies,
  batch: readonly Confirmation[],
): Promise<readonly Confirmed[]> {
  // A form that comes again must not use up the tries of a PIN that was sent since.
  const before = await subscriptions.consentsOf(tx, visitsOf(batch.filter((one) => one.pin)));
  const open = batch.filter((one) => !before.has(one.consent.visit));
  const checked = await checkPins(tx, open, secret);
  const proven = onePerVisit(open.filter((one) => checked.get(one)?.outcome === 'confirmed'));
  const results = await recordProven(tx, subscriptions, proven);
  const given = new Map<string, { readonly msisdn: string }>(before);
  for (const one of results) given.set(one.visit, one);
  // Asked after the locks: the same form may have been stored elsewhere while this one waited for its PIN.
  const late = await subscriptions.consentsOf(
    tx,
    visitsOf(batch.filter((one) => one.pin && !given.has(one.consent.visit))),
  );
  const answers = batch.map((one) =>
    answerOf(checked.get(one), given.get(one.consent.visit) ?? late.get(one.consent.visit)),
  );
  await bus.publishAll(tx, [
    parcel(userActions, [
      ...results.flatMap((one) => (one.fresh ? [actionOf(one.confirmation, 'pull_click')] : [])),
      ...batch.flatMap((one, index) => pinFault(one, answers[index])),
    ]),
  ]);
  return answers;
}

async function recordProven(
  tx: Tx,
  subscriptions: ConsentDependencies['subscriptions'],
  proven: readonly Confirmation[],
) {
  if (proven.length === 0) return [];
  const results = await subscriptions.recordConsent(
    tx,
    proven.map((one) => one.consent),
  );
  return proven.map((confirmation, index) => {
    const result = results[index];
    must(result, 'every consent that is handed in is answered for');
    const { msisdn, outcome } = result;
    return {
      confirmation,
      visit: confirmation.consent.visit,
      msisdn,
      fresh: outcome === 'recorded',
    };
  });
}

/** One by one, in the order of their subjects: each locks its row, and two batches may hold the same. */
async function checkPins(
  tx: Tx,
  batch: readonly Confirmation[],
  secret: string,
): Promise<ReadonlyMap<Confirmation, CheckedPin>> {
  const checked = new Map<Confirmation, CheckedPin>();
  const inOrder = [...batch].sort((a, b) => compare(a.pin?.subject, b.pin?.subject));
  for (const one of inOrder) {
    const { pin, consent } = one;
    const request = pin && {
      ...{ subject: pin.subject, pin: pin.typed, now: consent.confirmedAt, secret },
    };
    checked.set(one, request ? await checkPin(tx, request) : { outcome: 'confirmed' });
  }
  return checked;
}

function compare(a = '', b = ''): number {
  return a < b ? -1 : Number(a > b);
}

function onePerVisit(batch: readonly Confirmation[]): readonly Confirmation[] {
  return [...new Map(batch.toReversed().map((one) => [one.consent.visit, one])).values()];
}

function visitsOf(batch: readonly Confirmation[]): readonly string[] {
  return [...new Set(batch.map((one) => one.consent.visit))];
}

function answerOf(
  checked: CheckedPin | undefined,
  given: { readonly msisdn: string } | undefined,
): Confirmed {
  if (given) return { outcome: 'converted', msisdn: given.msisdn };
  must(checked && checked.outcome !== 'confirmed', 'a proven consent was stored');
  return checked;
}

function pinFault(one: Confirmation, answer: Confirmed | undefined) {
  const wrong = answer !== undefined && answer.outcome !== 'converted';
  return wrong ? [actionOf(one, 'pin_wrong', answer.outcome)] : [];
}

function actionOf({ consent }: Confirmation, action: string, error?: string) {
  const { visit: hit, msisdn, attribution, confirmedAt } = consent;
  const at = confirmedAt.toISOString();
  const { campaign } = attribution;
  return { key: hit, payload: { hit, action, campaign, msisdn, ...(error && { error }), at } };
}
