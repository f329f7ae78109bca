import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Fixture, number, start } from './fixture.ts';

function open(fixture: Fixture, path: string, init: RequestInit = {}): Promise<Response> {
  const headers = { accept: 'text/html' };
  return fetch(fixture.simulator.url + path, { redirect: 'manual', headers, ...init });
}

function form(fixture: Fixture, fields: Record<string, string>, site = 'same-origin') {
  return open(fixture, `/handsets/${number}/say`, {
    ...{ method: 'POST', body: new URLSearchParams(fields) },
    headers: { accept: 'text/html', 'sec-fetch-site': site },
  });
}

test('the way to a phone: a number, however it is typed', async (t) => {
  const { fixture } = await start(t);
  const chosen = await open(fixture, `/?msisdn=${encodeURIComponent('+7 (916) 123-45-67')}`);
  assert.equal(chosen.headers.get('location'), `/phones/${number}`);
  const wrong = await open(fixture, '/?msisdn=%22%3Ex');
  assert.equal(wrong.status, 400);
  assert.match(await wrong.text(), /value="&quot;&gt;x"/);
});

test('a phone shows what reached it, through whom, and lets its owner answer without a script', async (t) => {
  const { fixture } = await start(t);
  await fixture.generic({ text: '<b>Hello</b> https://k.test/a?b=1&c=2.', from: 'Kopek' });
  await fixture.settle();
  const said = await form(fixture, { text: '<i>STOP</i>', to: '7787' });
  assert.deepEqual([said.status, said.headers.get('location')], [303, `/phones/${number}`]);
  const html = await (await open(fixture, `/phones/${number}`)).text();
  assert.match(html, /&lt;b&gt;Hello&lt;\/b&gt; <a href="https:\/\/k\.test\/a\?b=1&amp;c=2"/);
  assert.match(html, /Kopek · Generic HTTP · <time/);
  assert.match(html, /&lt;i&gt;STOP&lt;\/i&gt;.*To 7787/s);
  assert.match(await (await open(fixture, '/')).text(), new RegExp(`/phones/${number}`));
});

test('a problem is a page for a browser, and a form of another site is refused', async (t) => {
  const { fixture } = await start(t);
  const empty = await form(fixture, { text: ' ' });
  assert.equal(empty.status, 400);
  assert.match(await empty.text(), /role="alert"/);
  assert.equal((await form(fixture, { text: 'STOP' }, 'cross-site')).status, 403);
});

test('a page runs nothing inline', async (t) => {
  const { fixture } = await start(t);
  await fixture.scenario({ name: 'down', times: 2 });
  for (const path of ['/', `/phones/${number}`]) {
    const response = await open(fixture, path);
    assert.match(response.headers.get('content-security-policy') ?? '', /default-src 'none'/);
    assert.doesNotMatch(await response.text(), /<script>|<style>| style=| on\w+=/);
  }
});

test('the conversation comes only when something has changed', async (t) => {
  const { fixture } = await start(t);
  const live = (seen = '') => fixture.get(`/phones/${number}/live?revision=${seen}`);
  const { revision } = (await live()).body;
  assert.deepEqual((await live(String(revision))).body, { revision });
  await fixture.generic({ text: 'new' });
  await fixture.settle();
  assert.match(JSON.stringify((await live(String(revision))).body), /new/);
});
