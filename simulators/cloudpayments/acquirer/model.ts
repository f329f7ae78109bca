import { gatewayName, issuer, place } from './places.ts';
import { cardHolderMessage, reasonName } from './reasons.ts';
import { statusCodes, type Transaction } from './records.ts';
import { datePair } from './times.ts';

const currencyCodes: Readonly<Record<string, number>> = {
  ...{ RUB: 0, EUR: 1, USD: 2, GBP: 3, UAH: 4, BYR: 5, BYN: 17, KZT: 14 },
};
const cardTypeCodes = { Visa: 0, MasterCard: 1, MIR: 3, Unknown: -1 } as const;
const typeCodes = { Payment: 0, Refund: 1 } as const;
const dayMs = 86_400_000;

/** A transaction as the API shows it: all fields always, what there is not as null. */
export function toModel(transaction: Transaction, terminalUrl: string) {
  return {
    ...{ ReasonCode: transaction.reasonCode, PublicId: transaction.site, TerminalUrl: terminalUrl },
    TransactionId: transaction.id,
    ...moneyOf(transaction),
    InvoiceId: transaction.invoiceId,
    AccountId: transaction.accountId,
    TrInitiatorCode: transaction.initiator,
    Email: transaction.email,
    Description: transaction.description,
    JsonData: transaction.jsonData,
    ...timesOf(transaction),
    ...{ AuthCode: transaction.authCode, TestMode: transaction.testMode, Rrn: transaction.rrn },
    OriginalTransactionId: transaction.originalId,
    FallBackScenarioDeclinedTransactionId: null,
    IpAddress: transaction.ipAddress,
    ...(transaction.ipAddress === null ? nowhere : inPlace),
    ...cardOf(transaction),
    EscrowAccumulationId: null,
    Status: transaction.status,
    StatusCode: statusCodes[transaction.status],
    CultureName: transaction.cultureName ?? 'ru-RU',
    Reason: reasonName(transaction.reasonCode),
    CardHolderMessage: cardHolderMessage(transaction.reasonCode),
    Type: typeCodes[transaction.type],
    Refunded: transaction.refundedMinor > 0,
    Name: transaction.name,
    Token: transaction.token,
    SubscriptionId: transaction.subscriptionId,
    GatewayName: gatewayName,
    ...{ AndroidPay: false, WalletType: '' },
    ...feesOf(transaction),
  };
}

const inPlace = { ...place, IpLatitude: 55.7522, IpLongitude: 37.6156 };
const nowhere = Object.fromEntries(Object.keys(place).map((name) => [name, null]));

function moneyOf({ amountMinor, currency }: Transaction) {
  const amount = amountMinor / 100;
  const code = currencyCodes[currency] ?? null;
  return {
    ...{ Amount: amount, Currency: currency, CurrencyCode: code },
    ...{ PaymentAmount: amount, PaymentCurrency: currency, PaymentCurrencyCode: code },
  };
}

function timesOf({ amountMinor, authorizedMs, confirmedMs, createdMs, feeMinor }: Transaction) {
  const payoutMs = confirmedMs === null ? null : confirmedMs + dayMs;
  return {
    ...datePair('CreatedDate', createdMs),
    ...datePair('PayoutDate', payoutMs),
    PayoutAmount: confirmedMs === null ? null : (amountMinor - feeMinor) / 100,
    ...datePair('AuthDate', authorizedMs),
    ...datePair('ConfirmDate', confirmedMs),
  };
}

function cardOf({ card }: Transaction) {
  return {
    ...{ CardFirstSix: card.firstSix, CardLastFour: card.lastFour, CardExpDate: card.expires },
    ...{ CardType: card.type, CardTypeCode: cardTypeCodes[card.type] },
    ...{ CardProduct: 'I', CardCategory: 'Test Classic', ...issuer },
  };
}

function feesOf({ confirmedMs, feeMinor }: Transaction) {
  const fee = confirmedMs === null ? null : feeMinor / 100;
  return {
    ...{ TotalFee: fee, VatAboveTotalFee: fee === null ? null : 0 },
    ...{ ProcessorAndPartnerFee: fee, VatWithinProcessorFee: fee === null ? null : 0 },
  };
}
