import { formatDecimal } from '#money';
import type { Presentation, PresentOrder } from '#payments/card-gateway';
import { customerReceipt } from './receipt.ts';
import { cultureOf } from './requests.ts';
import type { CloudPaymentsAccount } from './settings.ts';

const SCRIPTS = {
  start: 'https://widget.cloudpayments.ru/bundles/cloudpayments.js',
  pay: 'https://widget.cloudpayments.ru/bundles/cloudpayments',
} as const;

/** The parameters of the widget. Nobody is called: the browser could change any of them, and what it paid is compared. */
export function presentWidget(order: PresentOrder, account: CloudPaymentsAccount): Presentation {
  const { settings } = account;
  const generation = settings.widget ?? 'start';
  const script = settings.widget_script ?? SCRIPTS[generation];
  return generation === 'start'
    ? { kind: 'widget', manner: 'cloudpayments-start', script, parameters: toStart(order, account) }
    : { kind: 'widget', manner: 'cloudpayments-pay', script, parameters: toPay(order, account) };
}

/** A number of JavaScript keeps up to fifteen digits of a decimal; an amount of money has fewer. */
function numberOf(order: PresentOrder): number {
  return Number(formatDecimal(order));
}

function toStart(order: PresentOrder, account: CloudPaymentsAccount): Record<string, unknown> {
  const { email } = order;
  const receipt = customerReceipt(order, account);
  return {
    publicTerminalId: account.settings.public_id,
    paymentSchema: order.twoStage ? 'Dual' : 'Single',
    ...{ amount: numberOf(order), currency: order.currency, description: order.description },
    ...{ externalId: order.payment, culture: cultureOf(order.locale), tokenize: order.saveCard },
    userInfo: { accountId: order.account, ...(email === undefined ? {} : { email }) },
    ...{ successRedirectUrl: order.returnUrl, failRedirectUrl: order.returnUrl },
    ...{ autoClose: 5, retryPayment: true },
    ...(email === undefined ? {} : { receiptEmail: email, emailBehavior: 'Hidden' }),
    ...(receipt ? { receipt: plain(receipt) } : {}),
  };
}

function toPay(order: PresentOrder, account: CloudPaymentsAccount): Record<string, unknown> {
  const { email } = order;
  const receipt = customerReceipt(order, account);
  return {
    scheme: order.twoStage ? 'auth' : 'charge',
    options: {
      ...{ publicId: account.settings.public_id, description: order.description },
      ...{ amount: numberOf(order), currency: order.currency },
      ...{ accountId: order.account, invoiceId: order.payment },
      ...{ skin: 'mini', autoClose: 5, retryPayment: true, language: cultureOf(order.locale) },
      ...(email === undefined ? {} : { email }),
      ...(receipt ? { data: { CloudPayments: { CustomerReceipt: plain(receipt) } } } : {}),
    },
  };
}

/** With numbers of JavaScript in it, as a script wants them. */
function plain(value: object): object {
  return JSON.parse(JSON.stringify(value)) as object;
}
