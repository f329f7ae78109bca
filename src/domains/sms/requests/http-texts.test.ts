import assert from 'node:assert/strict';
import { test } from 'node:test';
import { furnish, openSmsService } from '#sms/stage';

const service = await openSmsService();
const { call } = service;
await furnish(service);

const write = (name: string, text: unknown, entity = 'alfa') =>
  call('POST', `/v1/sms/templates/${entity}/${name}`, { body: { text } });

test('a text is written in versions, and the same text is the same version', async () => {
  const text = 'Dear {name}, your code is {code}, {name}';
  const first = await write('code', text);
  const { created_at: _, ...shown } = first.body;
  assert.deepEqual(shown, {
    ...{ entity: 'alfa', name: 'code', version: 1, text, variables: ['name', 'code'] },
    ...{ segments: 1, created_by: 'owner' },
  });
  assert.equal((await write('code', text)).body.version, 1);
  assert.equal((await write('code', `${text}!`)).body.version, 2);
  const { body } = await call('GET', '/v1/sms/templates/alfa');
  assert.deepEqual(
    body.items.map((one: { name: string; version: number }) => [one.name, one.version]),
    [['code', 2]],
  );
  assert.deepEqual((await call('GET', '/v1/sms/templates/beta')).body.items, []);
});

test('a message is the newest version with its variables, and stays it when the text changes', async () => {
  await write('greeting', 'Hello {name}');
  const { body } = await call('POST', '/v1/sms', {
    body: {
      ...{ entity: 'alfa', class: 'transaction', template: 'greeting', variables: { name: 'you' } },
      recipients: [
        '+923001111101',
        { to: '+923001111102', variables: { name: '{name} $& Ann' } },
        { to: '+923001111103', variables: { nobody: 'x' } },
      ],
    },
  });
  await write('greeting', 'Goodbye {name}');
  const texts = [];
  for (const { sms } of body.messages.slice(0, 2))
    texts.push((await call('GET', `/v1/sms/${sms}`)).body.text);
  assert.deepEqual(texts, ['Hello you', 'Hello {name} $& Ann']);
  const { error } = body.messages[2];
  assert.deepEqual([error.code, error.field], ['template_variables', 'variables.nobody']);
});

test('what is wrong with a text or a keyword is told with its field', async () => {
  const keyword = { short_code: '7787', keyword: 'loan', entity: 'alfa' };
  const cases: readonly (readonly [string, object, number, string])[] = [
    ['templates/alfa/code', { text: '' }, 400, 'text'],
    ['templates/alfa/code', { text: '  ' }, 400, 'text'],
    ['templates/alfa/code', { text: 'a\u0000' }, 400, 'text'],
    ['templates/alfa/code', { text: 'a\ud800' }, 400, 'text'],
    ['templates/alfa/code', { text: 'a'.repeat(2001) }, 400, 'text'],
    ['templates/alfa/code', {}, 400, 'text'],
    ['templates/nobody/code', { text: 'x' }, 404, 'entity'],
    ['templates/alfa/Code', { text: 'x' }, 400, 'name'],
    ['templates/alfa/%00', { text: 'x' }, 400, 'name'],
    ['keywords', { ...keyword, entity: 'nobody' }, 404, 'entity'],
    ['keywords', { ...keyword, entity: 'a\u0000' }, 400, 'entity'],
    ['keywords', { ...keyword, short_code: '' }, 400, 'short_code'],
    ['keywords', { ...keyword, short_code: '7\u0000' }, 400, 'short_code'],
    ['keywords', { ...keyword, keyword: 'x'.repeat(61) }, 400, 'keyword'],
    ['keywords', { ...keyword, callback_url: 'nowhere' }, 400, 'callback_url'],
    ['keywords', {}, 400, 'short_code'],
  ];
  for (const [path, body, status, field] of cases) {
    const answer = await call('POST', `/v1/sms/${path}`, { body });
    assert.equal(answer.status, status, answer.text);
    assert.equal(answer.body.errors[0].field, field, answer.text);
  }
  assert.equal((await call('GET', '/v1/sms/templates/%00')).status, 400);
});

test('a keyword is given, shown as it is compared, given to another, and taken back', async () => {
  const url = '/v1/sms/keywords';
  const callback_url = 'https://example.org/mo';
  const given = { short_code: '7787', keyword: '  Loan, NOW! ', entity: 'alfa', callback_url };
  const saved = await call('POST', url, { body: given });
  assert.deepEqual(saved.body, { ...given, keyword: 'loan now' });
  await call('POST', url, { body: { short_code: '7787', keyword: 'loan now', entity: 'beta' } });
  await call('POST', url, { body: { short_code: '7787', keyword: 'a\u0000b', entity: 'beta' } });
  assert.deepEqual((await call('GET', url)).body.items, [
    { short_code: '7787', keyword: 'ab', entity: 'beta' },
    { short_code: '7787', keyword: 'loan now', entity: 'beta' },
  ]);
  const taken = await call('DELETE', `${url}/7787?keyword=Loan%20Now`);
  assert.deepEqual([taken.status, taken.body.deleted], [200, true]);
  const again = await call('DELETE', `${url}/7787?keyword=Loan%20Now`);
  assert.deepEqual([again.status, again.body.code], [404, 'keyword_unknown']);
  assert.equal((await call('DELETE', `${url}/%00`)).status, 400);
});
