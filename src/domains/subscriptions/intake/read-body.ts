import type { Clock } from '#clock';
import { AppError } from '#errors';
import { type Static, Type } from '#http';
import { formatMoney } from '#money';
import { parsePaymentId } from '#payments';
import { type NumberPlan, readAnyMsisdn } from '#phone';
import type { Plan } from '#subscriptions/cards';
import { readReceiverUrl } from '#webhooks';
import type { AgreedOrder, AskedRequest } from './asked.ts';
import type { Intake } from './create-intake.ts';
import { fail } from './errors.ts';

const TEXT_LENGTH_MAX = 2000;
const URL_LENGTH_MAX = 2000;
const EVIDENCE_LENGTH_MAX = 4096;

export const UserKey = Type.String({
  ...{ minLength: 1, maxLength: 100, pattern: '^[\\x21-\\x7e]*$' },
  description: 'Your own key of who pays: visible ASCII characters.',
});

const Consent = Type.Object(
  {
    text: Type.String({
      ...{ minLength: 1, maxLength: TEXT_LENGTH_MAX },
      description: 'What was shown to him, with the price.',
    }),
    confirmed_at: Type.String({ format: 'date-time' }),
    evidence: Type.Unsafe<Readonly<Record<string, unknown>>>({
      ...{ type: 'object', additionalProperties: true, minProperties: 1 },
      description: 'How you know it: an address, a session, a document. Kept with the consent.',
    }),
  },
  { description: 'What he agreed to, as you attest it. Of a payment: no subscription without it.' },
);

export const RequestBody = Type.Object({
  user: UserKey,
  msisdn: Type.String({ minLength: 5, maxLength: 30, description: 'His number, in any spelling.' }),
  plan: Type.String({ minLength: 1, maxLength: 100, description: 'The code of a plan.' }),
  kind: Type.Union([Type.Literal('payment'), Type.Literal('refund')]),
  gateway: Type.Optional(
    Type.String({
      ...{ minLength: 1, maxLength: 60 },
      description: 'This card gateway and no other.',
    }),
  ),
  email: Type.Optional(Type.String({ format: 'email', maxLength: 200 })),
  callback: Type.Optional(
    Type.String({
      ...{ maxLength: URL_LENGTH_MAX },
      description: 'Hears `payment.completed`, as webhook endpoints do.',
    }),
  ),
  locale: Type.Optional(Type.String({ pattern: '^[a-z]{2}(-[A-Z]{2})?$', default: 'en' })),
  consent: Type.Optional(Consent),
  payment: Type.Optional(
    Type.String({ maxLength: 60, description: 'Of a refund: `pay_…`, what is to be given back.' }),
  ),
  amount_minor: Type.Optional(
    Type.Integer({ minimum: 1, description: 'Of a refund: all that is left unless told.' }),
  ),
});

type Body = Static<typeof RequestBody>;

export interface Reading {
  readonly intake: Intake;
  readonly clock: Clock;
  readonly plans: () => readonly NumberPlan[];
  readonly askedBy: string;
}

/** Reads what a caller asks for. Throws `payment_request_invalid` and others, each naming the field and what to do. */
export async function readBody(body: Body, reading: Reading): Promise<AskedRequest> {
  const { askedBy, intake, plans } = reading;
  const { email, gateway, kind, plan: code, user } = body;
  const msisdn = readAnyMsisdn(body.msisdn, plans());
  if (gateway !== undefined) mustBeGateway(gateway, intake);
  const callback =
    body.callback === undefined ? undefined : readReceiverUrl(body.callback, 'callback').href;
  const common = { user, msisdn, plan: code, kind, gateway, email, callback, askedBy };
  if (kind === 'refund') return { ...common, refund: await readRefund(body, msisdn, intake) };
  const plan = await intake.planOnSale(code);
  return { ...common, order: readOrder(body, plan, reading) };
}

function mustBeGateway(gateway: string, intake: Intake): void {
  const known = intake.gateways();
  if (known.includes(gateway)) return;
  const said = known.length === 0 ? 'there is none yet' : `must be one of ${known.join(', ')}`;
  throw invalid('gateway', said);
}

function readOrder(body: Body, plan: Plan, { clock }: Reading): AgreedOrder {
  const { amount_minor: amountMinor, consent, locale = 'en', payment } = body;
  if (payment !== undefined) throw invalid('payment', 'is of a refund: leave it out');
  if (amountMinor !== undefined)
    throw invalid('amount_minor', 'is of a refund: a plan has its price');
  if (!consent) throw invalid('consent', 'is missing: what he agreed to, and how you know it');
  const confirmedAt = new Date(consent.confirmed_at);
  if (confirmedAt.getTime() > clock.nowMs())
    throw invalid('consent.confirmed_at', 'must not be in the future');
  if (JSON.stringify(consent.evidence).length > EVIDENCE_LENGTH_MAX)
    throw invalid('consent.evidence', `must have at most ${EVIDENCE_LENGTH_MAX} letters as JSON`);
  return agreedOrder(plan, {
    ...{ locale, confirmedAt, textShown: consent.text, evidence: consent.evidence },
  });
}

export function agreedOrder(
  { price }: Plan,
  agreed: Omit<AgreedOrder['consent'], 'priceShown'> & { readonly locale: string },
): AgreedOrder {
  const { currency, unitPriceMinor: amountMinor, version } = price;
  const { locale, ...consent } = agreed;
  const priceShown = formatMoney({ amountMinor, currency });
  return { version, amountMinor, currency, locale, consent: { ...consent, priceShown } };
}

async function readRefund(body: Body, msisdn: string, intake: Intake) {
  const { amount_minor: amountMinor, consent, payment } = body;
  if (payment === undefined)
    throw invalid('payment', 'is missing: pay_… of what is to be given back');
  if (consent !== undefined) throw invalid('consent', 'is of a payment: leave it out');
  parsePaymentId(payment);
  await intake.mustBeRefundable({ payment, msisdn }).catch((error: unknown) => {
    throw named(error);
  });
  return { payment, ...(amountMinor !== undefined && { amountMinor: BigInt(amountMinor) }) };
}

/** What payments say of a payment, said of the field that names it. */
function named(error: unknown): unknown {
  if (!(error instanceof AppError) || error.faults.length > 0) return error;
  const faults = [{ field: 'payment', message: error.message }];
  return new AppError(error.kind, error.code, error.message, { cause: error, faults });
}

export function invalid(field: string, message: string): AppError {
  return fail('payment_request_invalid', `${field} ${message}.`, { faults: [{ field, message }] });
}
