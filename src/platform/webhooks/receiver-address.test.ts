import assert from 'node:assert/strict';
import type { LookupAddress } from 'node:dns';
import { test } from 'node:test';
import { readReceiverUrl } from '#webhooks';
import { createAddressGuard } from './receiver-address.ts';

test('a URL is kept as it is spelled in requests, without its fragment', () => {
  assert.equal(
    readReceiverUrl('HTTPS://Shop.Example:443/a b?x=1#top').href,
    'https://shop.example/a%20b?x=1',
  );
});

test('what is no URL for a receiver is refused by the name of its field', () => {
  const odd = [
    ...[
      '',
      'shop.example',
      '/path',
      'ftp://shop.example/',
      'file:///etc/passwd',
      'javascript:alert(1)',
    ],
    ...['https://', 'https://me:secret@shop.example/', `https://shop.example/${'x'.repeat(2000)}`],
  ];
  for (const text of odd) {
    assert.throws(
      () => readReceiverUrl(text, 'callback'),
      (error: { code: string; faults: { field: string }[] }) =>
        error.code === 'webhook_url_invalid' && error.faults[0]?.field === 'callback',
      text,
    );
  }
});

test('no spelling of a private address is called, public ones are', () => {
  const guard = createAddressGuard();
  const hosts = [
    ...[
      '127.0.0.1',
      '127.1',
      '2130706433',
      '0x7f.0.0.1',
      '017700000001',
      '0',
      '10.1.2.3',
      '172.31.0.1',
    ],
    ...[
      '192.168.0.1',
      '169.254.169.254',
      '100.64.0.1',
      '224.0.0.1',
      '255.255.255.255',
      '[::1]',
      '[::]',
    ],
    ...['[::ffff:127.0.0.1]', '[::ffff:7f00:1]', '[fe80::1]', '[fd00::1]', '[64:ff9b::7f00:1]'],
    ...['[2002:7f00:1::]', '[ff02::1]', '[::127.0.0.1]'],
  ];
  for (const host of hosts) {
    const { hostname } = new URL(`http://${host}/`);
    assert.ok(!guard.admitsHost(hostname), `${host} is ${hostname}`);
  }
  for (const host of ['93.184.216.34', '[2606:2800:220:1:248:1893:25c8:1946]', 'shop.example'])
    assert.ok(guard.admitsHost(new URL(`http://${host}/`).hostname), host);
});

test('a name that leads to a private address has no address, unless the range is allowed', async () => {
  const refused = await look(createAddressGuard(), 'localhost');
  assert.equal((refused.error as { code?: string } | null)?.code, 'address_forbidden');
  const allowed = await look(createAddressGuard(['127.0.0.0/8']), 'localhost');
  assert.equal(allowed.error, null);
  assert.deepEqual(
    (allowed.addresses as LookupAddress[]).map(({ address }) => address),
    ['127.0.0.1'],
  );
});

function look(guard: ReturnType<typeof createAddressGuard>, name: string) {
  return new Promise<{ error: Error | null; addresses: unknown }>((resolve) => {
    guard.lookup(name, { all: true }, (error, addresses) => resolve({ error, addresses }));
  });
}
