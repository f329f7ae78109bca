import assert from 'node:assert/strict';
import { test } from 'node:test';
import Stripe from 'stripe';
import { signatureOf } from './signature.ts';

const body = '{"id":"evt_1","object":"event"}';
const vector = '4c15fb2a43f93ef61eaa3e0893866d57cad9cad4223242cfb96f362480cb4021';

test('the vector', () => {
  assert.equal(signatureOf(body, ['whsec_test'], 1_700_000_000), `t=1700000000,v1=${vector}`);
});

test('while a secret is replaced, the body is signed with both, and the client takes either', () => {
  const at = Math.floor(Date.now() / 1000);
  const signature = signatureOf(body, ['whsec_old', 'whsec_new'], at);
  const { webhooks } = new Stripe('sk_test_kopek');
  for (const secret of ['whsec_old', 'whsec_new']) {
    assert.equal(webhooks.constructEvent(body, signature, secret).id, 'evt_1');
  }
  assert.throws(() => webhooks.constructEvent(body, signature, 'whsec_other'));
  assert.throws(() => webhooks.constructEvent(`${body} `, signature, 'whsec_new'));
  const old = signatureOf(body, ['whsec_new'], at - 301);
  assert.throws(() => webhooks.constructEvent(body, old, 'whsec_new'));
});
