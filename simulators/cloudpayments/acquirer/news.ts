import { formatAmount } from './amount.ts';
import { gatewayName, issuer, place } from './places.ts';
import { reasonName } from './reasons.ts';
import type { NotificationFields, Receipt, Subscription, Transaction } from './records.ts';
import { spacedSeconds } from './times.ts';

/** Asked before anything is authorised: what it would become. */
export function checkFields(transaction: Transaction): NotificationFields {
  return {
    ...operation(transaction),
    ...money(transaction),
    ...card(transaction),
    CardId: transaction.card.id,
    Status: transaction.twoStage ? 'Authorized' : 'Completed',
    OperationType: transaction.type,
    ...payer(transaction),
    ...where(transaction),
    ...{ CardProduct: 'I', TokenRecipient: '' },
  };
}

export function payFields(transaction: Transaction): NotificationFields {
  return {
    ...operation(transaction),
    ...money(transaction),
    ...card(transaction),
    CardId: transaction.card.id,
    ...{ Status: transaction.status, OperationType: transaction.type, GatewayName: gatewayName },
    ...payer(transaction),
    ...where(transaction),
    CardProduct: 'I',
    AuthCode: transaction.authCode ?? '',
    Token: transaction.token ?? '',
    ...fees(transaction),
    FallBackScenarioDeclinedTransactionId: '',
    ...{ Rrn: transaction.rrn ?? '', CustomFields: '' },
  };
}

export function failFields(transaction: Transaction): NotificationFields {
  const { reasonCode, retryAfterSeconds } = transaction;
  return {
    ...operation(transaction),
    ...money(transaction),
    ...card(transaction),
    CardId: transaction.card.id,
    OperationType: transaction.type,
    ...{ Reason: reasonName(reasonCode), ReasonCode: String(reasonCode) },
    RetryAfter: retryAfterSeconds === null ? '' : String(retryAfterSeconds),
    ProviderMessage: retryAfterSeconds === null ? '' : reasonName(reasonCode),
    ...payer(transaction),
    ...where(transaction),
    Token: transaction.token ?? '',
    FallBackScenarioDeclinedTransactionId: '',
    ...{ Rrn: transaction.rrn ?? '', CustomFields: '' },
  };
}

export function confirmFields(transaction: Transaction): NotificationFields {
  return {
    ...operation(transaction),
    DateTime: spacedSeconds(transaction.confirmedMs ?? transaction.createdMs),
    ...money(transaction),
    ...card(transaction),
    Status: transaction.status,
    ...payer(transaction),
    ...where(transaction),
    ...{ AuthCode: transaction.authCode ?? '', Token: transaction.token ?? '' },
    Rrn: transaction.rrn ?? '',
  };
}

export function refundFields(refund: Transaction): NotificationFields {
  return {
    ...operation(refund),
    PaymentTransactionId: String(refund.originalId),
    OperationType: 'Refund',
    ...payer(refund),
    ...{ Rrn: refund.rrn ?? '', CustomFields: '' },
  };
}

export function cancelFields(transaction: Transaction, atMs: number): NotificationFields {
  return {
    ...operation(transaction),
    DateTime: spacedSeconds(atMs),
    ...payer(transaction),
    Rrn: transaction.rrn ?? '',
  };
}

export function recurrentFields(subscription: Subscription): NotificationFields {
  const { lastMs, maxPeriods, nextMs } = subscription;
  return {
    ...{ Id: subscription.id, AccountId: subscription.accountId },
    ...{ Description: subscription.description, Email: subscription.email ?? '' },
    ...{ Amount: formatAmount(subscription.amountMinor), Currency: subscription.currency },
    RequireConfirmation: String(subscription.requireConfirmation),
    StartDate: spacedSeconds(subscription.startMs),
    ...{ Interval: subscription.interval, Period: String(subscription.period) },
    Status: subscription.status,
    SuccessfulTransactionsNumber: String(subscription.successful),
    FailedTransactionsNumber: String(subscription.failed),
    MaxPeriods: maxPeriods === null ? '' : String(maxPeriods),
    LastTransactionDate: lastMs === null ? '' : spacedSeconds(lastMs),
    NextTransactionDate: nextMs === null ? '' : spacedSeconds(nextMs),
  };
}

export function receiptFields(receipt: Receipt, transaction: Transaction): NotificationFields {
  const { accountId, amountMinor, id, invoiceId } = transaction;
  return {
    ...{ Id: receipt.id, DocumentNumber: String(receipt.document), SessionNumber: '1' },
    ...{ Number: String(receipt.document), FiscalSign: String(2_617_603_921 - receipt.document) },
    ...{ DeviceNumber: '00106900000000', RegNumber: '0000000001054502', Inn: receipt.inn },
    ...{ Type: receipt.type, Ofd: 'OFD of the simulator', Url: `https://ofd.test/${receipt.id}` },
    ...{ QrCodeUrl: `https://ofd.test/${receipt.id}/qr`, TransactionId: String(id) },
    ...{ Amount: formatAmount(amountMinor), DateTime: spacedSeconds(receipt.atMs) },
    ...{ InvoiceId: invoiceId ?? '', AccountId: accountId ?? '' },
    Receipt: JSON.stringify(receipt.receipt),
  };
}

function operation({ amountMinor, createdMs, id }: Transaction) {
  return {
    TransactionId: String(id),
    Amount: formatAmount(amountMinor),
    DateTime: spacedSeconds(createdMs),
  };
}

function money({ amountMinor, currency }: Transaction) {
  return {
    Currency: currency,
    PaymentAmount: formatAmount(amountMinor),
    PaymentCurrency: currency,
  };
}

function card({ card: { expires, firstSix, lastFour, type }, testMode }: Transaction) {
  return {
    ...{ CardFirstSix: firstSix, CardLastFour: lastFour, CardType: type, CardExpDate: expires },
    TestMode: testMode ? '1' : '0',
  };
}

function payer({ accountId, email, invoiceId, jsonData }: Transaction) {
  return {
    ...{ InvoiceId: invoiceId ?? '', AccountId: accountId ?? '' },
    ...{ Email: email ?? '', Data: jsonData ?? '' },
  };
}

function where({ description, ipAddress, name, subscriptionId }: Transaction) {
  return {
    ...{ SubscriptionId: subscriptionId ?? '', Name: name ?? '', IpAddress: ipAddress ?? '' },
    ...(ipAddress === null ? nowhere : place),
    ...{ ...issuer, Description: description ?? '', PaymentMethod: '' },
  };
}

const nowhere = Object.fromEntries(Object.keys(place).map((name) => [name, '']));

function fees({ confirmedMs, feeMinor }: Transaction) {
  const fee = confirmedMs === null ? '' : formatAmount(feeMinor);
  const none = confirmedMs === null ? '' : '0.00';
  return {
    ...{ TotalFee: fee, VatAboveTotalFee: none },
    ...{ ProcessorAndPartnerFee: fee, VatWithinProcessorFee: none },
  };
}
