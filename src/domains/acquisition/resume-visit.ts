import type { Executor } from '#database';
import type { Subscriptions } from '#subscriptions';
import type { Answer } from './answer.ts';
import type { Shelf, Showing } from './showing.ts';
import { readVisit, type Sealing, type Step, signVisit, type Visit } from './visit.ts';

/** Where a posted form stands: on with it, or what the visitor sees instead. */
export type Resumed<Of extends Visit> =
  | { readonly visit: Of; readonly showing: Showing; readonly answer?: undefined }
  | { readonly answer: Answer };

export interface Resuming {
  readonly executor: Executor;
  readonly shelf: Shelf;
  readonly sealing: Sealing;
  readonly subscriptions: Pick<Subscriptions, 'consentsOf'>;
}

export interface PostedForm {
  /** The campaign in the form's address. */
  readonly link: string;
  readonly token: string;
}

/**
 * Takes up the visit that a form carries. One that was shown something else than what is offered now is shown
 * that, and has to be confirmed anew, unless it has ended in a consent before.
 * Throws `token_invalid`, `token_expired`, `campaign_unknown`.
 */
export async function resumeVisit<Of extends Visit>(
  at: Resuming,
  form: PostedForm,
  step: Step,
): Promise<Resumed<Of>> {
  const { shelf, sealing } = at;
  const visit = readVisit<Of>(form, step, sealing);
  const showing = await shelf.show(form.link, () => visit.locale);
  if ('closed' in showing) return { answer: { kind: 'closed', ...showing } };
  if (visit.fingerprint === showing.fingerprint) return { visit, showing };
  const done = await findDone(at, visit, showing);
  return { answer: done ?? showAnew(visit, showing, sealing) };
}

/** The last page of a visit that has ended in a consent. */
export async function findDone(
  { executor, subscriptions }: Pick<Resuming, 'executor' | 'subscriptions'>,
  visit: Visit,
  showing: Showing,
): Promise<Answer | undefined> {
  const given = (await subscriptions.consentsOf(executor, [visit.hit])).get(visit.hit);
  return given && { kind: 'done', showing, msisdn: given.msisdn };
}

function showAnew(visit: Visit, showing: Showing, sealing: Sealing): Answer {
  // A number that was only typed has to be typed again: its PIN said the old price.
  const msisdn = visit.source === 'none' ? undefined : visit.msisdn;
  const { msisdn: _typed, ...rest } = visit;
  const shown: Visit = {
    ...rest,
    ...(msisdn && { msisdn }),
    termsVersion: showing.offer.termsVersion,
    fingerprint: showing.fingerprint,
    shownAtMs: sealing.now.getTime(),
  };
  const token = signVisit(shown, msisdn ? 'confirm' : 'landing', sealing);
  return { kind: 'offer_changed', showing, token, ...(msisdn && { msisdn }) };
}
