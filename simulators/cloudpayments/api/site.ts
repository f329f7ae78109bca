import { randomBytes, randomUUID } from 'node:crypto';
import {
  type Answer,
  changeAddress,
  datePair,
  type NotificationType,
  nextDocument,
  notificationTypes,
  type PaymentLink,
} from '#simulators/cloudpayments/acquirer';
import { Problem } from '#simulators/kit';
import { type ApiRequest, accept, type Endpoints } from './endpoint.ts';
import { Refusal, readOrder } from './fields.ts';

function typeOf({ group }: ApiRequest): NotificationType {
  const found = notificationTypes.find((type) => type.toLowerCase() === group.toLowerCase());
  if (found === undefined) throw new Refusal('Invalid Type value');
  return found;
}

function showAddress(request: ApiRequest): Answer {
  const { acquirer, site } = request.caller;
  return accept(acquirer.addressOf(site, typeOf(request)));
}

function updateAddress(request: ApiRequest): Answer {
  const { caller, fields } = request;
  const type = typeOf(request);
  const names = ['IsEnabled', 'Address', 'HttpMethod', 'Encoding', 'Format'] as const;
  const given = names.filter((name) => fields.has(name));
  // What is left out falls back: an address without IsEnabled is switched off, and is asked by GET.
  const standard = {
    IsEnabled: false,
    HttpMethod: 'GET',
    Encoding: 'UTF8',
    Format: 'CloudPayments',
  };
  const change = Object.fromEntries(given.map((name) => [name, fields.any(name)]));
  try {
    const current = caller.acquirer.addressOf(caller.site, type);
    const address = changeAddress(current, { ...standard, ...change });
    const addresses = [{ site: caller.site.publicId, type, address }];
    return caller.settle(accept(), { addresses });
  } catch (error) {
    if (error instanceof Problem) throw new Refusal(`Invalid ${error.field ?? 'Address'} value`);
    throw error;
  }
}

function createLink({ caller, fields, origin }: ApiRequest): Answer {
  const { acquirer, site } = caller;
  fields.needText('Description');
  const link: PaymentLink = {
    id: randomBytes(8).toString('base64url'),
    number: acquirer.store.links.size + 1,
    site: site.publicId,
    order: readOrder(fields, fields.flag('RequireConfirmation')),
    ...{ phone: fields.text('Phone'), successUrl: fields.text('SuccessRedirectUrl') },
    failUrl: fields.text('FailRedirectUrl'),
    ...{ createdMs: acquirer.clock.now(), paidMs: null, status: 'Created' },
  };
  return caller.settle(accept(linkModel(link, origin)), { links: [link] });
}

const linkCodes = { Created: 0, Paid: 1, Cancelled: 2 } as const;

function linkModel(link: PaymentLink, origin: string) {
  const { createdMs, order, paidMs, status } = link;
  return {
    ...{ Id: link.id, Number: link.number, Amount: order.amountMinor / 100 },
    ...{ Currency: order.currency, CurrencyCode: 0, Email: order.email, Phone: link.phone },
    ...{ Description: order.description, RequireConfirmation: order.twoStage },
    ...{ Url: `${origin}/d/${link.id}`, CultureName: order.cultureName ?? 'ru-RU' },
    ...datePair('CreatedDate', createdMs),
    ...datePair('PaymentDate', paidMs),
    ...{ Status: status, StatusCode: linkCodes[status], InternalId: link.number },
  };
}

function cancelLink({ caller, fields }: ApiRequest): Answer {
  const link = caller.acquirer.store.links.get(fields.needText('Id'));
  if (link?.site !== caller.site.publicId) throw new Refusal('Order not found');
  if (link.status === 'Paid') throw new Refusal('Order is paid');
  return caller.settle(accept(), { links: [{ ...link, status: 'Cancelled' }] });
}

const receiptTypes = ['Income', 'IncomeReturn', 'Expense', 'ExpenseReturn'] as const;

function queueReceipt({ caller, fields }: ApiRequest): Answer {
  const type = fields.choice('Type', receiptTypes);
  if (type === null) throw new Refusal('Type is required');
  const receipt = fields.any('CustomerReceipt');
  if (receipt === undefined) throw new Refusal('CustomerReceipt is required');
  const id = randomUUID();
  const kept = {
    ...{ id, site: caller.site.publicId, type, inn: fields.needText('Inn') },
    ...{ invoiceId: fields.text('InvoiceId'), accountId: fields.text('AccountId') },
    ...{ transactionId: null, document: nextDocument(caller.acquirer) },
    ...{ receipt, atMs: caller.acquirer.clock.now() },
  };
  const answer = { success: true, message: 'Queued', model: { Id: id, ErrorCode: 0 } };
  return caller.settle(answer, { receipts: [kept] });
}

export const siteEndpoints: Endpoints = [
  [/^test$/, () => ({ success: true, message: randomUUID() })],
  [/^site\/notifications\/(\w+)\/get$/, showAddress],
  [/^site\/notifications\/(\w+)\/update$/, updateAddress],
  [/^orders\/create$/, createLink],
  [/^orders\/cancel$/, cancelLink],
  [/^kkt\/receipt$/, queueReceipt],
];
