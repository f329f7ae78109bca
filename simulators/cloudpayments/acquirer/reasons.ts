/** The code of what was approved. */
export const approved = 0;
export const noMoney = 5051;

const names: Readonly<Record<number, string>> = {
  0: 'Approved',
  3001: 'InvalidInvoiceId',
  3002: 'InvalidAccountId',
  3003: 'InvalidAmount',
  3004: 'OutOfDate',
  3005: 'FormatError',
  3006: 'Unavailable',
  3007: 'UnableToConnect',
  3008: 'NotAccepted',
  5001: 'ReferToCardIssuer',
  5003: 'InvalidMerchant',
  5004: 'PickUpCard',
  5005: 'DoNotHonor',
  5006: 'Error',
  5007: 'PickUpCardSpecialConditions',
  5012: 'InvalidTransaction',
  5013: 'AmountError',
  5014: 'InvalidCardNumber',
  5015: 'NoSuchIssuer',
  5017: 'CustomerCancellation',
  5019: 'TransactionError',
  5030: 'FormatError',
  5031: 'BankNotSupportedBySwitch',
  5033: 'ExpiredCardPickup',
  5034: 'SuspectedFraud',
  5036: 'RestrictedCard',
  5041: 'LostCard',
  5043: 'StolenCard',
  5051: 'InsufficientFunds',
  5054: 'ExpiredCard',
  5055: 'InvalidPIN',
  5057: 'TransactionNotPermitted',
  5058: 'NotPermittedToCard',
  5059: 'SuspectedFraudDecline',
  5061: 'ExceedsApprovalAmount',
  5062: 'RestrictedCard2',
  5063: 'SecurityViolation',
  5065: 'ExceedWithdrawalFrequency',
  5082: 'IncorrectCVV',
  5091: 'Timeout',
  5092: 'CannotReachNetwork',
  5096: 'SystemError',
  5113: 'CardNotSupportedByGateway',
  5204: 'UnableToProcess',
  5206: 'AuthenticationFailed',
  5207: 'AuthenticationUnavailable',
  5300: 'AntiFraud',
  5303: 'TerminalLimitExceeded',
  5761: 'PhoneRequired',
  5762: 'PhoneInvalid',
  5763: 'PhoneNotAllowed',
  6001: 'SaveCardRefused',
  6010: 'SubscriptionNotFound',
  6011: 'InvalidSubscription',
  6013: 'InvalidRefund',
  6015: 'TransactionNotFound',
  6025: 'CrossTerminalTokenRestriction',
};

/** What the payer may be told of it. */
const words: Readonly<Record<number, string>> = {
  0: 'Payment approved',
  5014: 'The card number is wrong',
  5051: 'Not enough money on the card',
  5054: 'The card has expired',
  5082: 'The security code is wrong',
  5206: 'The bank could not confirm that it is you',
};

export function reasonName(code: number): string {
  return names[code] ?? `Reason${code}`;
}

export function cardHolderMessage(code: number): string {
  if (code >= 3001 && code <= 3008) return 'The payment could not be accepted';
  return words[code] ?? 'Contact your bank or use another card';
}

export function isReasonCode(code: number): boolean {
  return code !== approved && names[code] !== undefined;
}
