/** What comes of a card that is declined, in Stripe's words. */
export interface Decline {
  readonly code: string;
  readonly decline_code?: string;
  readonly message: string;
  readonly advice_code?: string;
}

export interface TestCard {
  readonly number: string;
  readonly brand: string;
  readonly funding?: 'credit' | 'debit' | 'prepaid';
  /** The code of its decline. */
  readonly declines?: string;
  /** It can be kept all the same: only charges fail. */
  readonly attaches?: true;
  /** `unlessSetUp`: nobody need be there once it was set up for that. `present`: only where somebody is there. */
  readonly authentication?: 'always' | 'unlessSetUp' | 'present';
  readonly refund?: 'fails' | 'pending';
  /** The reason of the dispute that follows its payment. */
  readonly disputes?: string;
}

const message = 'Your card was declined.';
const later = { advice_code: 'try_again_later' };
const never = { advice_code: 'do_not_try_again' };
const confirm = { advice_code: 'confirm_card_data' };

function declined(decline_code: string, more: Partial<Decline> = {}): Decline {
  return { code: 'card_declined', decline_code, message, ...later, ...more };
}

/** By decline code. What is not in it is a decline all the same, under its own name. */
const declines: Readonly<Record<string, Decline>> = {
  generic_decline: declined('generic_decline'),
  insufficient_funds: declined('insufficient_funds', {
    message: 'Your card has insufficient funds.',
  }),
  lost_card: declined('lost_card', never),
  stolen_card: declined('stolen_card', never),
  pickup_card: declined('pickup_card', never),
  fraudulent: declined('fraudulent', never),
  transaction_not_allowed: declined('transaction_not_allowed', never),
  revocation_of_authorization: declined('revocation_of_authorization', never),
  card_velocity_exceeded: declined('card_velocity_exceeded'),
  do_not_honor: declined('do_not_honor'),
  issuer_not_available: declined('issuer_not_available'),
  expired_card: { code: 'expired_card', message: 'Your card has expired.', ...confirm },
  incorrect_cvc: {
    ...{ code: 'incorrect_cvc', decline_code: 'incorrect_cvc', ...confirm },
    message: "Your card's security code is incorrect.",
  },
  processing_error: {
    ...{ code: 'processing_error', decline_code: 'processing_error', ...later },
    message: 'An error occurred while processing your card. Try again in a little bit.',
  },
  authentication_required: {
    ...{ code: 'authentication_required', decline_code: 'authentication_required' },
    message: 'Your card was declined. This transaction requires authentication.',
  },
};

export function declineOf(code: string): Decline {
  return declines[code] ?? declined(code);
}

const visa = (number: string, more: Partial<TestCard> = {}): TestCard => ({
  ...{ number, brand: 'visa' },
  ...more,
});

const insufficient = 'insufficient_funds';
const always = { authentication: 'always' } as const;

/** The test cards of Stripe's own documentation, by the name of their payment method without `pm_card_`. */
export const testCards: Readonly<Record<string, TestCard>> = {
  visa: visa('4242424242424242'),
  visa_debit: visa('4000056655665556', { funding: 'debit' }),
  mastercard: { number: '5555555555554444', brand: 'mastercard' },
  mastercard_debit: { number: '5200828282828210', brand: 'mastercard', funding: 'debit' },
  mastercard_prepaid: { number: '5105105105105100', brand: 'mastercard', funding: 'prepaid' },
  amex: { number: '378282246310005', brand: 'amex' },
  discover: { number: '6011111111111117', brand: 'discover' },
  jcb: { number: '3566002020360505', brand: 'jcb' },
  unionpay: { number: '6200000000000005', brand: 'unionpay' },
  chargeDeclined: visa('4000000000000002', { declines: 'generic_decline' }),
  chargeDeclinedInsufficientFunds: visa('4000000000009995', { declines: insufficient }),
  chargeDeclinedLostCard: visa('4000000000009987', { declines: 'lost_card' }),
  chargeDeclinedStolenCard: visa('4000000000009979', { declines: 'stolen_card' }),
  chargeDeclinedExpiredCard: visa('4000000000000069', { declines: 'expired_card' }),
  chargeDeclinedIncorrectCvc: visa('4000000000000127', { declines: 'incorrect_cvc' }),
  chargeDeclinedProcessingError: visa('4000000000000119', { declines: 'processing_error' }),
  chargeDeclinedFraudulent: visa('4100000000000019', { declines: 'fraudulent' }),
  chargeDeclinedVelocityLimitExceeded: visa('4000000000006975', {
    declines: 'card_velocity_exceeded',
  }),
  chargeCustomerFail: visa('4000000000000341', { declines: 'generic_decline', attaches: true }),
  authenticationRequired: visa('4000002760003184', always),
  authenticationRequiredOnSetup: visa('4000002500003155', { authentication: 'unlessSetUp' }),
  authenticationRequiredSetupForOffSession: visa('4000003800000446', { authentication: 'present' }),
  authenticationRequiredChargeDeclinedInsufficientFunds: visa('4000008260003178', {
    ...{ ...always, declines: insufficient, attaches: true },
  }),
  threeDSecure2Required: visa('4000000000003220', always),
  threeDSecureRequired: visa('4000000000003063', always),
  threeDSecureRequiredChargeDeclined: visa('4000008400001629', {
    ...{ ...always, declines: 'generic_decline' },
  }),
  threeDSecureOptional: visa('4000000000003055'),
  refundFail: visa('4000000000005126', { refund: 'fails' }),
  pendingRefund: visa('4000000000007726', { refund: 'pending' }),
  createDispute: visa('4000000000000259', { disputes: 'fraudulent' }),
  createDisputeProductNotReceived: visa('4000000000002685', { disputes: 'product_not_received' }),
};

/** `pm_card_visa_chargeDeclined` and `pm_card_chargeDeclined` are one card. */
export function nameOfPaymentMethod(id: string): string | undefined {
  const name = /^pm_card_(\w+)$/.exec(id)?.[1];
  if (name === undefined) return undefined;
  return [name, name.replace(/^visa_/, '')].find((each) => testCards[each] !== undefined);
}

export function nameOfNumber(number: string): string | undefined {
  const digits = number.replaceAll(/\D/g, '');
  return Object.keys(testCards).find((name) => testCards[name]?.number === digits);
}
