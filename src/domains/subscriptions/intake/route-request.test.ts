import assert from 'node:assert/strict';
import { test } from 'node:test';
import { routeRequest, type WaysToPay } from './route-request.ts';

const ways = (changes: Partial<WaysToPay> = {}): WaysToPay => ({
  ...{ gateways: ['processing', 'cloudpayments'], card: undefined },
  showsPage: (gateway) => gateway === 'cloudpayments',
  ...changes,
});
const card = { id: 7n, gateway: 'cloudpayments' };
const route = (gateway: string | null, changes: Partial<WaysToPay> = {}) =>
  routeRequest({ gateway }, ways(changes));

test('a gateway without a page charges by itself, whatever cards there are', () => {
  assert.deepEqual(route('processing', { card }), { gateway: 'processing', charge: {} });
});

test('a saved card is charged through its own gateway, named or not', () => {
  const charged = { gateway: 'cloudpayments', charge: { cardId: 7n } };
  assert.deepEqual(route(null, { card }), charged);
  assert.deepEqual(route('cloudpayments', { card }), charged);
});

test('without a card a page waits: of the gateway that is named, or of the one that the rules choose', () => {
  assert.deepEqual(route('cloudpayments'), { gateway: 'cloudpayments' });
  assert.deepEqual(route(null), {});
});

test('where no gateway has a page the first one charges by itself', () => {
  assert.deepEqual(route(null, { showsPage: () => false }), { gateway: 'processing', charge: {} });
});

test('a card of a gateway that is gone is no way to pay, and a gateway that is not there is refused', () => {
  assert.deepEqual(route(null, { card: { id: 7n, gateway: 'gone' } }), {});
  assert.deepEqual(route('gone'), { refused: 'gateway_unknown' });
  assert.deepEqual(route(null, { gateways: [] }), {});
});
