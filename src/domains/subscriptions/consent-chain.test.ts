import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from '#database';
import { openHouse } from './fixture.ts';
import { hashOf } from './record-consent.ts';

const house = await openHouse();
const { consent, consentOf, database } = house;
const MSISDN = '+923009102250';

interface StoredConsent {
  readonly customer_id: bigint;
  readonly id: bigint;
  readonly previous_hash: Buffer | null;
  readonly hash: Buffer;
  readonly [column: string]: unknown;
}

async function stored(msisdn: string): Promise<readonly StoredConsent[]> {
  const { rows } = await sql<StoredConsent>`
    select k.*, c.consent_hash as newest from subscriptions.consent k
    join subscriptions.customer c on c.id = k.customer_id
    where c.msisdn = ${msisdn} order by k.id`.execute(database.pool);
  return rows;
}

/** From what the database holds and nothing else, as anyone could who is shown the table. */
function recompute(row: StoredConsent): Buffer {
  return hashOf(
    {
      ...{ customerId: row.customer_id, id: row.id, serviceId: row.service_id },
      ...{ termsVersion: row.terms_version, visit: row.visit, method: row.method },
      ...{ textShown: row.text_shown, priceShown: row.price_shown, locale: row.locale },
      ...{ evidence: row.evidence, attribution: row.attribution },
      ...{ shownAt: row.shown_at, confirmedAt: row.confirmed_at },
    },
    row.previous_hash,
  );
}

/** Places at which a chain does not hold: a row that says something else, or follows another. */
function breaks(rows: readonly StoredConsent[]): readonly number[] {
  return rows.flatMap((row, index) => {
    const follows = index === 0 ? null : (rows[index - 1]?.hash ?? null);
    const linked =
      follows === null
        ? row.previous_hash === null
        : follows.equals(row.previous_hash ?? Buffer.of());
    return linked && recompute(row).equals(row.hash) ? [] : [index];
  });
}

test('each consent carries the hash of its customer’s one before, and every hash can be computed again', async () => {
  const odd = {
    text: 'ünï "quoted" \\ 🎵',
    none: undefined,
    nested: { b: [1, 2.5, null], a: true },
  };
  await consent([consentOf(MSISDN), consentOf('+923009102251')]);
  await consent([consentOf(MSISDN, { evidence: odd }), consentOf(MSISDN)]);
  await consent([consentOf(MSISDN, { attribution: { campaign: 'demo', affSub: 'a&b=ü' } })]);
  const rows = await stored(MSISDN);
  assert.equal(rows.length, 4);
  assert.deepEqual(breaks(rows), []);
  assert.deepEqual(rows.at(-1)?.newest, rows.at(-1)?.hash);
  assert.deepEqual(breaks(await stored('+923009102251')), []);
});

test('whatever is changed, exchanged or taken out of it shows', async () => {
  const rows = await stored(MSISDN);
  const changes: readonly Partial<StoredConsent>[] = [
    ...[{ text_shown: 'Free!' }, { price_shown: '0.05 PKR a day' }, { method: 'query' }],
    ...[
      { evidence: {} },
      { confirmed_at: new Date() },
      { visit: 'hit_other' },
      { terms_version: 2 },
    ],
    ...[{ customer_id: 99n }, { locale: 'de' }, { previous_hash: null }],
  ];
  for (const change of changes) {
    const tampered = rows.map((row, index) =>
      index === 1 ? { ...row, ...change } : row,
    ) as StoredConsent[];
    assert.deepEqual(breaks(tampered), [1], Object.keys(change).join());
  }
  assert.deepEqual(
    breaks(rows.toSpliced(1, 1)),
    [1],
    'one that is taken out is missed by the next',
  );
  const rehashed = rows.map((row, index) => {
    const changed = { ...row, text_shown: 'Free!' };
    return index === 1 ? { ...changed, hash: recompute(changed) } : row;
  });
  assert.deepEqual(breaks(rehashed), [2], 'one that is hashed anew breaks the next');
});

test('a visit that comes again adds nothing, in one batch and in two', async () => {
  const input = consentOf('+923009102252');
  const names = await consent([input, input]);
  assert.equal(names[0], names[1]);
  assert.deepEqual(await consent([input]), [names[0]]);
  assert.equal((await stored('+923009102252')).length, 1);
});

test('a visit counts for the number that confirmed it first, also when two do at once', async () => {
  const visit = { visit: 'hit_shared' };
  const [first, second] = ['+923009102255', '+923009102256'];
  const [given = ''] = await consent([consentOf(first, visit)]);
  assert.deepEqual(await consent([consentOf(second, visit)]), [given]);
  assert.deepEqual(await stored(second), []);
  const numbers = Array.from({ length: 6 }, (_, n) => `+92300910226${n}`);
  const names = await Promise.all(
    numbers.map((msisdn) => consent([consentOf(msisdn, { visit: 'hit_race' }), consentOf(msisdn)])),
  ).catch((error) => assert.equal(error.code, 'consent_overtaken'));
  const again = await Promise.all(
    numbers.map((msisdn) => consent([consentOf(msisdn, { visit: 'hit_race' })])),
  );
  assert.equal(new Set(again.flat()).size, 1);
  if (names) assert.equal(new Set(names.map(([name]) => name)).size, 1);
  for (const msisdn of [second, ...numbers]) {
    const rows = await stored(msisdn);
    assert.deepEqual(breaks(rows), []);
    assert.deepEqual(rows.at(-1)?.newest ?? null, rows.at(-1)?.hash ?? null);
  }
});

test('consents of one customer that are recorded at once form one chain', async () => {
  await Promise.all(Array.from({ length: 8 }, () => consent([consentOf('+923009102253')])));
  const rows = await stored('+923009102253');
  const links = new Map(rows.map((row) => [row.previous_hash?.toString('hex') ?? '', row]));
  assert.equal(links.size, 8, 'no two follow the same');
  let last: StoredConsent | undefined;
  for (let next = links.get(''); next; next = links.get(last.hash.toString('hex'))) last = next;
  assert.deepEqual(last?.hash, rows[0]?.newest);
});

test('a consent to nothing, to what is closed, or to an old price is refused and stores nothing', async () => {
  const msisdn = '+923009102254';
  const { catalogue } = house.context;
  await assert.rejects(consent([consentOf(msisdn, { serviceCode: 'nothing' })]), {
    code: 'service_unknown',
  });
  await assert.rejects(consent([consentOf(msisdn, { termsVersion: 7 })]), {
    code: 'terms_outdated',
  });
  const terms = await catalogue.newest('music');
  assert.ok(terms);
  await database.transaction((tx) => catalogue.add(tx, { ...terms, priceMinor: 900n }));
  await assert.rejects(consent([consentOf(msisdn)]), { code: 'terms_outdated' });
  await sql`update subscriptions.service set open = false`.execute(database.pool);
  await new Promise((resolve) => setTimeout(resolve, 1050)); // what is on offer is remembered for a second
  await assert.rejects(consent([consentOf(msisdn, { termsVersion: 2 })]), {
    code: 'service_closed',
  });
  assert.deepEqual(await stored(msisdn), []);
});
