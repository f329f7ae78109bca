import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createAddressMatcher } from '#http';

test('addresses are judged by ranges of both versions', () => {
  const inside = createAddressMatcher(['10.0.0.0/8', '192.0.2.7', '2001:db8::/32', ' ::1 ']);
  for (const address of [
    '10.255.0.1',
    '192.0.2.7',
    '2001:db8:1::5',
    '::1',
    '::ffff:10.1.2.3',
    '::FFFF:192.0.2.7',
  ]) {
    assert.equal(inside(address), true, address);
  }
  for (const address of [
    '11.0.0.1',
    '192.0.2.8',
    '2001:db9::1',
    '::ffff:11.0.0.1',
    '',
    'x',
    '10.0.0.1, 1.1.1.1',
  ]) {
    assert.equal(inside(address), false, address);
  }
  assert.equal(inside(undefined), false);
});

test('a range of IPv4 may be written as IPv6, and a link-local address may carry its zone', () => {
  assert.equal(createAddressMatcher(['::ffff:10.0.0.1'])('10.0.0.1'), true);
  assert.equal(createAddressMatcher(['fe80::/10'])('fe80::1%eth0'), true);
});

test('no ranges match nothing, and all match everything', () => {
  assert.equal(createAddressMatcher([])('127.0.0.1'), false);
  assert.equal(createAddressMatcher(['0.0.0.0/0'])('203.0.113.9'), true);
});

test('a malformed range is refused by name', () => {
  for (const range of [
    '',
    'ten',
    '10.0.0.0/33',
    '10.0.0.0/',
    '10.0.0.0/8/8',
    '10.0.0/8',
    '::/129',
    '1.2.3.4/-1',
  ]) {
    assert.throws(() => createAddressMatcher([range]), {
      code: 'address_range_invalid',
      details: { range },
    });
  }
});
