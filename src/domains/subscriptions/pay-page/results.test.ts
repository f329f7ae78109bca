import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nextPaymentState, type PaymentState, paymentSteps } from '#payments';
import { namedIntervals } from '#subscriptions/pricing';
import { type Reader, speechOf } from '#subscriptions/speech';
import { aliveStatuses } from '#subscriptions/subscription';
import type { PaymentStanding, Presentation } from './look.ts';
import { renderPaymentPage } from './payment-page.ts';
import type { Purchase } from './purchase.ts';
import { renderResultPage, standingOf } from './result-page.ts';

const purchase: Purchase = {
  ...{ title: '<b>Cinema</b>', priceMinor: 19_900n, currency: 'RUB', quantity: 1, locale: 'en' },
  ...{ interval: namedIntervals.month, timeZone: 'Europe/Moscow', amountMinor: 19_900n },
  cardIsTried: false,
};
const standing = (changes: Partial<PaymentStanding>): PaymentStanding => ({
  ...{ state: 'presented', status: 'pending', isCardPage: false, purchase, ...changes },
});
const reader: Reader = { speech: speechOf('en'), here: '/pay/token' };
const view = { path: '/pay/token', isCardPage: false, opensNow: false, purchase };

test('only a payment that is accepted is told as paid, and only one that is presented can be paid', () => {
  for (const state of Object.keys(paymentSteps) as PaymentState[]) {
    for (const status of [...aliveStatuses, 'cancelled', 'expired', 'purged'] as const) {
      const said = standingOf(standing({ state, status }));
      assert.equal(said === 'open', state === 'presented', state);
      assert.equal(
        ['paid', 'working', 'late'].includes(said),
        !isElse(state),
        `${state} ${status}`,
      );
    }
  }
});

/** Of these nothing was taken for good: presented, ended without money, or being looked at. */
function isElse(state: PaymentState): boolean {
  const isUnderWay =
    nextPaymentState(state, 'accept') !== undefined || state === 'new' || state === 'claimed';
  return state === 'presented' || (state !== 'accepted' && !isUnderWay);
}

test('what was paid after the end is told to go back, and never as a subscription', () => {
  for (const status of ['cancelled', 'expired', 'purged'] as const)
    assert.equal(standingOf(standing({ state: 'accepted', status })), 'late');
  assert.equal(standingOf(standing({ state: 'accepted', status: 'pending' })), 'working');
  assert.equal(
    standingOf(standing({ state: 'accepted', status: 'hold', isCardPage: true })),
    'paid',
  );
});

test('a page that waits looks again, more and more slowly, and not for ever', () => {
  const at = (looks: number) =>
    renderResultPage(reader, {
      ...{ standing: standing({}), path: '/pay/t', returnUrl: 'https://a.test', looks },
    }).html.text;
  assert.match(at(0), /content="2;url=\/pay\/t\/result\?look=1"/);
  assert.match(at(20), /content="10;/);
  assert.doesNotMatch(at(60), /http-equiv/);
});

test('a gateway that has a page of its own is a link, and needs no script', () => {
  const presentation: Presentation = { kind: 'redirect', url: 'https://pay.test/a?b=1&c=2' };
  const { html, policy = '' } = renderPaymentPage(reader, { ...view, presentation });
  assert.match(html.text, /href="https:\/\/pay\.test\/a\?b=1&amp;c=2"/);
  assert.doesNotMatch(policy, /script-src/);
  assert.doesNotMatch(html.text, /<b>Cinema/);
});

test('a page lets in the script of its gateway, that gateway’s frames, and ours by its hash: nothing else', () => {
  const policyOf = (manner: 'stripe-elements' | 'cloudpayments-pay', script: string) =>
    renderPaymentPage(reader, {
      ...{ ...view, presentation: { kind: 'widget', manner, script, parameters: {} } },
    }).policy ?? '';
  const cloud = policyOf('cloudpayments-pay', 'https://widget.test/bundles/cloudpayments');
  assert.match(cloud, /script-src 'sha256-[^ ]+' https:\/\/widget\.test;/);
  assert.match(cloud, /frame-src https:\/\/widget\.test;/);
  assert.match(cloud, /connect-src 'self';/);
  const stripe = policyOf('stripe-elements', 'https://js.stripe.com/v3/');
  assert.match(stripe, /frame-src https:\/\/js\.stripe\.com https:\/\/hooks\.stripe\.com;/);
  assert.match(stripe, /connect-src 'self' https:\/\/api\.stripe\.com;/);
  for (const policy of [cloud, stripe]) assert.doesNotMatch(policy, /unsafe|\*/);
});
