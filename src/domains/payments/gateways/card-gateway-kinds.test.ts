import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { createFakeClock } from '#clock';
import { AppError } from '#errors';
import { cardGatewayKinds, createCardGateway } from './card-gateway-kinds.ts';
import { reasonCodes } from './cloudpayments/index.ts';
import { declineCodes } from './stripe/index.ts';
import { cancellationReasons } from './yookassa/index.ts';

const clock = createFakeClock(new Date('2026-11-26T03:00:00Z'));
const accounts: Readonly<Record<string, { readonly settings: object; readonly secrets: object }>> =
  {
    cloudpayments: { settings: { public_id: 'pk_1234' }, secrets: { api_secret: 'api-secret' } },
    stripe: {
      settings: { publishable_key: 'pk_test_1' },
      secrets: { api_key: 'sk_test_1', webhook_secrets: ['whsec_1'] },
    },
    yookassa: { settings: { shop_id: '100500' }, secrets: { secret_key: 'test_secret' } },
    processing: { settings: {}, secrets: {} },
  };

function create(kind: string, settings: object = {}, secrets: object = {}) {
  const account = accounts[kind];
  return createCardGateway(kind, {
    ...{ name: 'cards', clock },
    settings: { ...account?.settings, ...settings },
    secrets: { ...account?.secrets, ...secrets },
  });
}

function faultsOf(work: () => unknown): readonly string[] {
  try {
    work();
  } catch (error) {
    assert.ok(error instanceof AppError, String(error));
    assert.equal(error.code, 'gateway_settings_invalid');
    assert.ok(!JSON.stringify([error.message, error.faults]).includes('hush'), 'a secret is told');
    return error.faults.map(({ field }) => field);
  }
  assert.fail('it was accepted');
}

for (const [kind, { page }] of Object.entries(cardGatewayKinds)) {
  test(`${kind} is made of the least that it needs, and its page is written`, async () => {
    const gateway = create(kind);
    assert.equal(gateway.name, 'cards');
    await gateway.close();
    assert.ok(existsSync(`docs/${page}`), page);
  });

  test(`${kind} names each setting that is wrong, and never what stood there`, () => {
    assert.deepEqual(
      faultsOf(() => create(kind, { timeout_ms: 'hush' })),
      ['settings.timeout_ms'],
    );
    assert.ok(faultsOf(() => create(kind, { colour: 'hush' })).length > 0);
    assert.ok(faultsOf(() => create(kind, {}, { password: 'hush' })).length > 0);
  });

  test(`${kind} does not let its key travel in the open, unless it is told to`, async () => {
    assert.deepEqual(
      faultsOf(() => create(kind, { base_url: 'http://gateway.test' })),
      ['settings.base_url'],
    );
    await create(kind, { base_url: 'http://127.0.0.1:1' }).close();
    await create(kind, { base_url: 'http://gateway.test', plain_http: true }).close();
  });
}

test('a kind that there is not is refused with those that there are', () => {
  for (const kind of ['paypal', 'constructor', '__proto__']) {
    assert.throws(() => create(kind), /cloudpayments, stripe, yookassa, processing/);
  }
});

test('the pages tell each code as it is read', () => {
  const tables = {
    ...{ cloudpayments: reasonCodes, stripe: declineCodes, yookassa: cancellationReasons },
  };
  for (const [name, table] of Object.entries(tables)) {
    const page = readFileSync(`docs/gateways/${name}.md`, 'utf8');
    for (const [code, { class: of, reason }] of Object.entries(table)) {
      const row = `| \`${code}\` | \`${reason}\` | ${of} |`;
      assert.ok(page.includes(row), `${name}: ${row}`);
    }
  }
});
