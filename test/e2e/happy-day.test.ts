import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openStage } from './stage.ts';

const stage = await openStage();

test('a click, a PIN and a confirmation become one charge, one content link and one story', async () => {
  const phone = stage.phone('923001000001');
  const landing = await phone.open('/lp/demo?aff_sub=click-1&aff_pub=publisher-1');
  assert.equal(landing.status, 200);
  assert.match(landing.text, /5\.00 PKR a day/);
  const asked = await phone.fill(landing, { msisdn: phone.local });
  assert.deepEqual(await phone.debits(), []);
  assert.deepEqual(await stage.subscriptionsOf(phone.msisdn), []);
  const done = await phone.fill(asked, { pin: await phone.pin() });
  assert.equal(done.status, 200);

  const story = await stage.story(phone.msisdn);
  console.log(story.kinds, story.sms, await phone.inbox());
});
