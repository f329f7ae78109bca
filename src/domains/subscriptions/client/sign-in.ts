import { createHash, randomBytes } from 'node:crypto';
import { type CheckedPin, checkPin, DEFAULT_PIN_POLICY, issuePin } from '#auth';
import type { Clock } from '#clock';
import type { Database, Tx } from '#database';
import { AppError } from '#errors';
import { createRateLimiter } from '#http';
import type { Operators } from '#operators';
import { readAnyMsisdn } from '#phone';
import type { Sms } from '#sms';
import { CARD, smsRouteOf } from '#subscriptions/sms-route';
import { type LocaleChoice, type Speech, speechOf } from '#subscriptions/speech';
import { fail } from './errors.ts';
import { findLink, insertLink, takeLink } from './session-store.ts';
import type { Sessions } from './sessions.ts';
import { createSignInTokens } from './sign-in-tokens.ts';
import { findSpeaker } from './store.ts';

export interface SignInOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly secret: string;
  readonly operators: Operators;
  readonly sms: Pick<Sms, 'send'>;
  readonly smsSender?: string;
  /** Where people reach us, without a slash at the end. */
  readonly publicUrl: string;
  readonly locales: Pick<LocaleChoice, 'stored'>;
  readonly sessions: Sessions;
}

export interface Device {
  readonly address: string;
  readonly userAgent: string;
  /** What this browser was given before it was signed in: a form of another browser is refused. */
  readonly visit: string;
}

/** Who asks for a PIN, and how whoever has its number is spoken to, by what is stored of him. */
export interface PinAsker extends Device {
  readonly speaks: (stored: string | undefined) => Speech;
}

export type PinAsked =
  | { readonly outcome: 'number_refused'; readonly typed: string }
  /** Said whether or not anybody has this number. */
  | { readonly outcome: 'asked'; readonly token: string; readonly msisdn: string };

export type SignedIn =
  | { readonly outcome: 'signed_in'; readonly cookie: string }
  | {
      readonly outcome: 'pin_refused';
      readonly token: string;
      readonly msisdn: string;
      readonly why: Exclude<CheckedPin['outcome'], 'confirmed'>;
    };

export interface SignIn {
  /** For the form that asks for the number. */
  beginToken(device: Pick<Device, 'visit'>): string;
  askPin(
    form: { readonly token: string; readonly number: string },
    asker: PinAsker,
  ): Promise<PinAsked>;
  enterPin(
    form: { readonly token: string; readonly pin: string },
    device: Device,
  ): Promise<SignedIn>;
  /** A link that signs in once. `sms`: it is sent to the number as well. */
  createLink(
    tx: Tx,
    wanted: { readonly msisdn: string; readonly askedBy: string; readonly bySms: boolean },
  ): Promise<{ readonly url: string; readonly expiresAt: Date }>;
  /** The number of a link that can be used; looking uses nothing up. Throws `link_used`. */
  lookAtLink(token: string): Promise<string>;
  useLink(link: string, form: { readonly token: string }, device: Device): Promise<string>;
}

const LINK_LIFE_MS = 3_600_000;
const LINK_BYTES = 24;
const NUMBER_MOST = 40;
const FORMS_PER_MINUTE = 60;
/** Beside the cooling down of the number's own PIN. */
const PINS_TO_NUMBER_PER_MINUTE = 3;
const PINS_FROM_ADDRESS_PER_MINUTE = 20;

/** Signs people in by a PIN to their phone, or by a link that was given to them. Nobody learns here whose numbers we know. */
export function createSignIn(options: SignInOptions): SignIn {
  const { clock, database, operators, secret, sessions } = options;
  const forms = createRateLimiter({ perMinute: FORMS_PER_MINUTE });
  const pinsFromAddress = createRateLimiter({ perMinute: PINS_FROM_ADDRESS_PER_MINUTE });
  const pinsToNumber = createRateLimiter({ perMinute: PINS_TO_NUMBER_PER_MINUTE });
  const tokens = createSignInTokens(options);
  const subjectOf = (msisdn: string) => `client:${msisdn}`;

  return {
    beginToken: ({ visit }) => tokens.write('begin', visit),
    async askPin({ number, token }, { speaks, ...device }) {
      forms.take(device.address);
      tokens.read('begin', token, device.visit);
      const msisdn = readNumber(number, operators);
      if (msisdn === undefined) return { outcome: 'number_refused', typed: number };
      pinsFromAddress.take(device.address);
      pinsToNumber.take(msisdn);
      await database.transaction((tx) =>
        sendPin(tx, options, { msisdn, subject: subjectOf(msisdn), speaks }),
      );
      return { outcome: 'asked', token: tokens.write('pin', device.visit, msisdn), msisdn };
    },
    async enterPin({ pin, token }, device) {
      forms.take(device.address);
      const msisdn = tokens.read('pin', token, device.visit);
      return database.transaction(async (tx) => {
        const now = clock.now();
        const checked = await checkPin(tx, { subject: subjectOf(msisdn), now, secret, pin });
        if (checked.outcome !== 'confirmed')
          return {
            outcome: 'pin_refused',
            token: tokens.write('pin', device.visit, msisdn),
            msisdn,
            why: checked.outcome,
          };
        const cookie = await sessions.open(tx, { ...deviceOf(device), msisdn, method: 'pin' });
        return { outcome: 'signed_in', cookie };
      });
    },
    createLink: (tx, wanted) => createLink(tx, options, wanted),
    async lookAtLink(token) {
      const msisdn = await findLink(database.pool, linkHash(token), clock.now());
      if (msisdn === undefined) throw linkUsed();
      return msisdn;
    },
    async useLink(link, { token }, device) {
      forms.take(device.address);
      tokens.read('begin', token, device.visit);
      return database.transaction(async (tx) => {
        const msisdn = await takeLink(tx, linkHash(link), clock.now());
        if (msisdn === undefined) throw linkUsed();
        return sessions.open(tx, { ...deviceOf(device), msisdn, method: 'link' });
      });
    },
  };
}

/** Undefined for what is no number. */
function readNumber(typed: string, operators: Operators): string | undefined {
  const plans = operators.all().map(({ plan }) => plan);
  try {
    return readAnyMsisdn(typed.slice(0, NUMBER_MOST), plans);
  } catch (error) {
    if (error instanceof AppError) return undefined;
    throw error;
  }
}

/** To a number that nobody has here none is sent: strangers must not be written to. Nothing else differs. */
async function sendPin(
  tx: Tx,
  { clock, operators, secret, sms, smsSender = 'Kopek' }: SignInOptions,
  about: { readonly msisdn: string; readonly subject: string } & Pick<PinAsker, 'speaks'>,
): Promise<void> {
  const { msisdn, speaks, subject } = about;
  const now = clock.now();
  const issued = await issuePin(tx, { subject, now, secret });
  const customer = await findSpeaker(tx, msisdn);
  if (issued.outcome !== 'issued' || !customer) return;
  await sms.send(tx, [
    {
      ...smsRouteOf({ msisdn, operator: CARD }, { operators, smsSender }),
      recipient: msisdn,
      body: speaks(customer.locale ?? undefined).say('sms.pin', { pin: issued.pin }),
      kind: 'pin',
      secret: true,
      priority: 2,
      expiresAt: new Date(now.getTime() + DEFAULT_PIN_POLICY.lifetimeMs),
    },
  ]);
}

async function createLink(
  tx: Tx,
  { clock, locales, operators, publicUrl, sms, smsSender = 'Kopek' }: SignInOptions,
  { askedBy, bySms, msisdn }: Parameters<SignIn['createLink']>[1],
): ReturnType<SignIn['createLink']> {
  const now = clock.now();
  const token = randomBytes(LINK_BYTES).toString('base64url');
  const expiresAt = new Date(now.getTime() + LINK_LIFE_MS);
  await insertLink(tx, { secretHash: linkHash(token), msisdn, askedBy, now, expiresAt });
  const url = `${publicUrl}/me/link/${token}`;
  if (bySms) {
    const stored = (await findSpeaker(tx, msisdn))?.locale ?? undefined;
    const body = speechOf(locales.stored(stored)).say('sms.link', { url });
    await sms.send(tx, [
      {
        ...smsRouteOf({ msisdn, operator: CARD }, { operators, smsSender }),
        ...{ recipient: msisdn, body, kind: 'sign_in_link' },
        ...{ secret: true, priority: 2, expiresAt },
      },
    ]);
  }
  return { url, expiresAt };
}

function linkUsed() {
  return fail(
    'link_used',
    'This link was used or is too old. Sign in with your phone number instead.',
  );
}

function linkHash(token: string): Buffer {
  return createHash('sha256').update(`client-link\0${token}`).digest();
}

function deviceOf({ address, userAgent }: Device) {
  return { address, userAgent };
}
