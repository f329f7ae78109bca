import { DEFAULT_PIN_POLICY, type IssuedPin, issuePin } from '#auth';
import { type Bus, parcel } from '#bus';
import type { Clock } from '#clock';
import type { Database, Tx } from '#database';
import { AppError } from '#errors';
import type { RateLimiter } from '#http';
import { readMsisdn } from '#phone';
import type { Sms } from '#sms';
import { type Subscriptions, userActions } from '#subscriptions';
import type { Answer } from './answer.ts';
import { findDone, type PostedForm, resumeVisit } from './resume-visit.ts';
import type { Shelf, Showing } from './showing.ts';
import { type PinVisit, type Step, signVisit, type Visit } from './visit.ts';

export interface PinDependencies {
  readonly database: Database;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly secret: string;
  readonly shelf: Shelf;
  readonly sms: Pick<Sms, 'send'>;
  readonly limits: { readonly pinsToNumber: RateLimiter; readonly formsFromAddress: RateLimiter };
  readonly subscriptions: Pick<Subscriptions, 'consentsOf'>;
}

export interface NumberForm extends PostedForm {
  readonly msisdn: string;
  readonly address: string;
  /** `pin` when a new PIN is asked for on the page of the one before. */
  readonly step: Extract<Step, 'landing' | 'pin'>;
}

/**
 * Sends a PIN to the number that was typed; the SMS, the PIN and the actions are stored together. Throws what
 * `resumeVisit` does, and `rate_limited`. Nothing is stored for a number that is not this operator's.
 */
export async function sendPin(dependencies: PinDependencies, form: NumberForm): Promise<Answer> {
  const { database, clock, secret, shelf, limits } = dependencies;
  limits.formsFromAddress.take(form.address);
  const sealing = { secret, now: clock.now() };
  const at = { executor: database.pool, shelf, sealing, subscriptions: dependencies.subscriptions };
  const resumed = await resumeVisit<Visit>(at, form, form.step);
  if (resumed.answer) return resumed.answer;
  const { visit, showing } = resumed;
  const done = await findDone(at, visit, showing);
  if (done) return done;
  const read = tryReadNumber(form.msisdn, showing);
  if ('why' in read) {
    const token = signVisit(visit, 'landing', sealing);
    return { kind: 'number_refused', showing, token, typed: form.msisdn, why: read.why };
  }
  // Over all campaigns and addresses: nobody's phone is to be flooded through us.
  limits.pinsToNumber.take(read.msisdn);
  const pinVisit = { ...visit, msisdn: read.msisdn, pinSentAtMs: sealing.now.getTime() };
  const issued = await database.transaction((tx) =>
    storePin(tx, dependencies, { visit: pinVisit, showing, now: sealing.now }),
  );
  const shown = { showing, token: signVisit(pinVisit, 'pin', sealing), msisdn: read.msisdn };
  return answerOf(issued, shown, sealing.now);
}

function tryReadNumber(
  typed: string,
  { operator }: Showing,
): { readonly msisdn: string } | { readonly why: 'invalid' | 'foreign' } {
  try {
    return { msisdn: readMsisdn(typed, operator.plan) };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return { why: error.code === 'msisdn_foreign' ? 'foreign' : 'invalid' };
  }
}

async function storePin(
  tx: Tx,
  { bus, sms, secret }: PinDependencies,
  of: { readonly visit: PinVisit; readonly showing: Showing; readonly now: Date },
): Promise<IssuedPin> {
  const { visit, showing, now } = of;
  const issued = await issuePin(tx, { subject: pinSubject(visit, showing), now, secret });
  if (issued.outcome !== 'issued') return issued;
  const { operator } = showing;
  await sms.send(tx, [
    {
      provider: operator.name,
      recipient: visit.msisdn,
      sender: operator.shortCode,
      body: pinSms(showing, issued.pin),
      kind: 'pin',
      secret: true,
      priority: 2,
      expiresAt: new Date(now.getTime() + DEFAULT_PIN_POLICY.lifetimeMs),
    },
  ]);
  const { hit, campaign, msisdn } = visit;
  const actions = ['msisdn_entered', 'pin_sent'].map((action) => ({
    key: hit,
    payload: { hit, action, campaign, msisdn, at: now.toISOString() },
  }));
  await bus.publishAll(tx, [parcel(userActions, actions)]);
  return issued;
}

/** In the words of the service, or in the language of the page that has asked for it. A handset has no place for spaces of print. */
function pinSms({ offer, price, speech }: Showing, pin: string): string {
  const text = offer.texts.pin?.replace('%s', () => pin);
  const { title } = offer;
  return text ?? speech.say('landing.pin_sms', { pin, title, price }).replaceAll('\u00a0', ' ');
}

/** One PIN at a time for a number and a service, whatever the campaign that asks for it. */
export function pinSubject(visit: { readonly msisdn: string }, { offer }: Showing): string {
  return `consent:${offer.serviceCode}:${visit.msisdn}`;
}

function answerOf(
  issued: IssuedPin,
  shown: { readonly showing: Showing; readonly token: string; readonly msisdn: string },
  now: Date,
): Answer {
  switch (issued.outcome) {
    case 'issued':
      return { kind: 'pin_sent', ...shown };
    case 'cooling_down': {
      const seconds = Math.ceil((issued.retryAt.getTime() - now.getTime()) / 1000);
      return { kind: 'pin_cooling', ...shown, seconds };
    }
    case 'too_many':
      return { kind: 'pin_too_many', ...shown };
  }
}
