import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { smsId } from '#sms/message';
import type { ProviderCallback, SmsOrder } from '#sms/provider';
import { type Answer, readJson } from './answer.ts';
import type { Account } from './contract.ts';
import { exolve } from './exolve.ts';
import { judgeOrder } from './judge-order.ts';
import { redactAnswer, secretTexts } from './redact.ts';
import { smsAero } from './sms-aero.ts';
import { smsRu } from './sms-ru.ts';
import { smsc } from './smsc.ts';
import { mayBeOurs, smscId } from './smsc-id.ts';
import { twilio } from './twilio.ts';
import { isSignedByTwilio } from './twilio-signature.ts';

const ORDER: SmsOrder = {
  ...{ sms: smsId(1n), attempt: 1, recipient: '+79161234567', sender: 'Kopek' },
  ...{ body: 'Привет & "до" завтра+1', secret: false, priority: 1 },
  validUntil: new Date('2026-11-26T12:00:00Z'),
};

function answerOf(body: unknown, status = 200, headers = {}): Answer {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return { status, headers, body: text, json: readJson(text) };
}

function account<Settings, Secrets>(
  settings: Settings,
  secrets: Secrets,
  callbackUrl?: string,
): Account<Settings, Secrets> {
  return { settings, secrets, callbackUrl };
}

function callbackOf(body: string, more: Partial<ProviderCallback> = {}): ProviderCallback {
  return {
    ...{ method: 'POST', url: 'https://kopek.test/cb', body: Buffer.from(body) },
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    ...more,
  };
}

const questionOf = (id: string, order = ORDER) => ({
  id,
  question: {
    ...{ sms: order.sms, attempt: order.attempt, recipient: order.recipient },
    sender: order.sender,
    providerMessageIds: [id],
  },
});

test('an id beyond 2^53 and money keep every digit', () => {
  const json = readJson('{"id":439166538239448537,"cost":4.10,"list":[9007199254740993]}');
  assert.deepEqual(json, { id: '439166538239448537', cost: '4.10', list: ['9007199254740993'] });
});

test('the provider is never told a time beyond the end, however little is left', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: -10_000, max: 400_000_000 }),
      fc.integer({ min: 0, max: 60_000 }),
      fc.constantFrom('second', 'minute', 'hour'),
      fc.integer({ min: 1, max: 40_000 }),
      (leftMs, timeoutMs, validity, validityMax) => {
        const now = new Date('2026-11-26T00:00:00Z');
        const order = { ...ORDER, validUntil: new Date(now.getTime() + leftMs) };
        const judged = judgeOrder(order, {
          ...{ now, timeoutMs, validity, validityMax, lettersMax: 1000 },
        });
        if (judged.outcome === 'not_sent') return;
        const unitMs = { second: 1000, minute: 60_000, hour: 3_600_000 }[validity];
        assert.ok(judged.validFor >= 1 && judged.validFor <= validityMax);
        // Also when the request was on its way as long as it may.
        assert.ok(timeoutMs + judged.validFor * unitMs <= leftMs);
      },
    ),
  );
});

test('what no provider can send is said before anybody is called', () => {
  const limits = {
    ...{ now: new Date('2026-11-26T00:00:00Z'), timeoutMs: 1000, lettersMax: 10 },
    ...{ validity: 'none' as const, validityMax: undefined },
  };
  const judge = (changes: Partial<SmsOrder>) => {
    const judged = judgeOrder({ ...ORDER, body: 'hello', ...changes }, limits);
    return judged.outcome === 'not_sent' ? judged.reason : judged.outcome;
  };
  assert.deepEqual(
    [
      judge({}),
      judge({ body: '' }),
      judge({ body: 'a\ud83d' }),
      judge({ body: 'x'.repeat(11) }),
      judge({ validUntil: limits.now }),
    ],
    ['fits', 'text_empty', 'text_malformed', 'text_too_long', 'too_late'],
  );
});

test('a log hides the text in every form in which JSON can carry it, and every secret', () => {
  const body = 'Код 54321';
  const hidden = { body, secrets: secretTexts({ values: { token: 'tok/en?' } }) };
  const echoed = `{"text":"Other","note":"\\u041a\\u043e\\u0434 54321","pin":"54321","url":"/x?a=tok%2Fen%3F","id":7}`;
  const shown = redactAnswer(answerOf(echoed), hidden);
  assert.equal(shown, '{"text":"•••","note":"•••","pin":"•••","url":"/x?a=•••","id":"7"}');
  assert.equal(redactAnswer(answerOf(`<p>${body}</p>`), hidden), 'not JSON, 16 letters');
});

describe('SMSC.ru', () => {
  const own = account({ login: 'me' }, { password: 'secret', callback_secret: 'shh' });

  test('a request is in UTF-8, asks for JSON, and says plus, id and hours with minutes', () => {
    const request = smsc.toRequest(ORDER, own, 90);
    assert.ok('path' in request);
    assert.deepEqual(Object.fromEntries(new URLSearchParams(request.body)), {
      ...{ login: 'me', psw: 'secret', phones: '+79161234567', mes: ORDER.body, sender: 'Kopek' },
      ...{ id: smscId(ORDER), valid: '01:30', cost: '3', translit: '0', fmt: '3' },
      charset: 'utf-8',
    });
    assert.equal(request.path, '/sys/send.php');
  });

  test('a text that it would cut at its note mark is refused', () => {
    const refused = smsc.toRequest({ ...ORDER, body: 'a\n~~~\nb' }, own, 90);
    assert.equal('outcome' in refused && refused.reason, 'smsc_note_mark');
  });

  test('each code has its class, and 9 is unknown: the first of the two may have been taken', () => {
    const read = (code: number, error = 'x') => {
      const result = smsc.readAnswer(answerOf({ error, error_code: code, id: 5 }), ORDER, own);
      return result.outcome === 'not_sent' ? result.fault : result.outcome;
    };
    assert.deepEqual(
      [1, 2, 3, 4, 5, 6, 7, 8, 9, 77].map((code) => read(code)),
      [
        ...['message', 'account', 'account', 'throttled', 'message', 'message'],
        ...['recipient', 'recipient', 'unknown', 'unknown'],
      ],
    );
    assert.equal(read(9, 'too many concurrent requests'), 'throttled');
  });

  test('cost and segments are read as they are spelled', () => {
    const answer = answerOf('{"id":14,"cnt":2,"cost":"4.10","balance":"83.6"}');
    assert.deepEqual(smsc.readAnswer(answer, ORDER, own), {
      ...{ outcome: 'accepted', providerMessageIds: ['14'], segments: 2 },
      ...{ cost: '4.10', currency: 'RUB' },
    });
  });

  test('an attempt has one id for ever, within int32, and another attempt another', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 1n, max: 2n ** 63n - 1n }),
        fc.integer({ min: 1, max: 50 }),
        (id, attempt) => {
          const sms = smsId(id);
          const made = Number(smscId({ sms, attempt }));
          assert.equal(smscId({ sms, attempt }), String(made));
          assert.ok(Number.isInteger(made) && made >= 1 && made <= 2_147_483_647);
          assert.notEqual(smscId({ sms, attempt: attempt + 1 }), String(made));
        },
      ),
    );
  });

  test('what was sent to the handset by the same id before our message was made is not ours', () => {
    const madeMs = Date.UTC(2026, 10, 26, 12);
    const sms = smsId(BigInt(madeMs - Date.UTC(2020, 0, 1)) << 22n);
    assert.equal(mayBeOurs(sms, new Date(madeMs - 86_400_000)), false);
    assert.equal(mayBeOurs(sms, new Date(madeMs + 1000)), true);
    const row = { status: 1, err: 0, send_timestamp: madeMs / 1000 - 86_400, id: 5 };
    const asked = questionOf('5', { ...ORDER, sms });
    assert.deepEqual(smsc.status?.readStatus(answerOf([row]), [asked], own), [
      { providerMessageId: '5', state: 'not_found', reason: 'smsc_other' },
    ]);
  });

  test('statuses are of their own pair of number and id, whatever the order', () => {
    const other = { ...ORDER, sms: smsId(2n), recipient: '+79160000000' };
    const asked = [questionOf('5'), questionOf('5', other), questionOf('6')];
    const request = smsc.status?.toRequest(asked, own);
    const sent = new URLSearchParams(request?.body);
    assert.deepEqual(
      [sent.get('id'), sent.get('phone')],
      ['5,5,6,', '+79161234567,+79160000000,+79161234567,'],
    );
    const rows = [
      { status: -3, id: 6, phone: '79161234567' },
      { status: 20, err: 6, id: 5, phone: '79160000000', last_timestamp: 1_286_524_541 },
    ];
    const reports = smsc.status?.readStatus(answerOf(rows), asked, own);
    assert.deepEqual(
      reports?.map(({ providerMessageId, state, reason, at }) => [
        ...[providerMessageId, state, reason, at?.toISOString()],
      ]),
      [
        ['6', 'not_found', undefined, undefined],
        ['5', 'undelivered', 'smsc_err_6', '2010-10-08T07:55:41.000Z'],
      ],
    );
  });

  test('a callback is believed by md5 or sha1 with the secret, in the query too, and only so', () => {
    const sign = (algorithm: string) =>
      createHash(algorithm).update('14:79161234567:1:shh').digest('hex');
    const fields = 'id=14&phone=79161234567&status=1&ts=1286524541&err=0';
    const read = (body: string, query = '') =>
      smsc.readCallback?.(
        callbackOf(body, { url: `https://kopek.test/cb${query}` }),
        own,
        new Date(),
      );
    for (const body of [
      `${fields}&md5=${sign('md5')}`,
      `${fields}&sha1=${sign('sha1').toUpperCase()}`,
    ]) {
      assert.equal(read(body)?.reports[0]?.state, 'delivered');
      assert.equal(read('', `?${body}`)?.reports[0]?.state, 'delivered');
    }
    for (const body of [fields, `${fields}&md5=${sign('md5')}&sha1=x`, `${fields}&crc32=1`]) {
      assert.throws(() => read(body), { code: 'callback_forged' });
    }
    const naked = account({ login: 'me' }, { password: 'secret' });
    const bare = createHash('md5').update('14:79161234567:1:').digest('hex');
    assert.throws(
      () => smsc.readCallback?.(callbackOf(`${fields}&md5=${bare}`), naked, new Date()),
      { code: 'callback_forged' },
    );
  });
});

describe('SMS Aero', () => {
  const own = account({ email: 'a@b.ru' }, { api_key: 'key' }, 'https://kopek.test/cb?x=1');

  test('its data is one or a list, its cost a number or a text', () => {
    for (const data of [{ id: 12, cost: 5.49 }, [{ id: 12, cost: '5.49' }]]) {
      assert.deepEqual(smsAero.readAnswer(answerOf({ success: true, data }), ORDER, own), {
        ...{ outcome: 'accepted', providerMessageIds: ['12'], cost: '5.49', currency: 'RUB' },
      });
    }
  });

  test('its words are sorted into classes, of the old form as of the new', () => {
    const read = (body: unknown, status = 200) => {
      const result = smsAero.readAnswer(answerOf(body, status), ORDER, own);
      return result.outcome === 'not_sent' ? result.fault : result.outcome;
    };
    assert.deepEqual(
      [
        read({ result: 'no credits' }),
        read({ result: 'reject', reason: 'incorrect phone number' }),
        read({ result: 'reject', reason: 'in blacklist' }),
        read({ result: 'reject', reason: 'incorrect date' }),
        read({ success: false, data: { sign: ['x'] }, message: 'Validation error.' }, 400),
        read({ success: false, data: { number: ['x'] }, message: 'Validation error.' }, 400),
        read({ success: false, message: 'The number of requests is over the rate limit' }),
        read({ success: false, message: 'Something new' }),
        read({ success: false, message: 'x' }, 502),
        read({ success: true, data: {} }),
        read('<html>'),
      ],
      [
        ...['account', 'recipient', 'recipient', 'message', 'account', 'recipient', 'throttled'],
        ...['message', 'unknown', 'unknown', 'unknown'],
      ],
    );
  });

  test('the address for receipts keeps its own query', () => {
    const request = smsAero.toRequest(ORDER, own, 0);
    assert.ok('path' in request);
    const { callbackUrl } = JSON.parse(request.body ?? '');
    const query = new URL(callbackUrl).searchParams;
    assert.deepEqual([query.get('x'), query.get('sms')], ['1', ORDER.sms]);
  });
});

describe('sms.ru', () => {
  const own = account({}, { api_id: 'api' });
  const envelope = (entry: unknown) => ({
    status: 'OK',
    status_code: 100,
    sms: { 79161234567: entry },
  });

  test('a number that is refused in an envelope that is well is refused', () => {
    const read = (body: unknown) => {
      const result = smsRu.readAnswer(answerOf(body), ORDER, own);
      return result.outcome === 'not_sent' ? `${result.fault} ${result.reason}` : result.outcome;
    };
    assert.deepEqual(
      [
        read(envelope({ status: 'ERROR', status_code: 207 })),
        read(envelope({ status: 'ERROR', status_code: 215 })),
        read(envelope({ status: 'ERROR', status_code: 231 })),
        read(envelope({ status: 'ERROR', status_code: 999 })),
        read({ status: 'ERROR', status_code: 201 }),
        read({ status: 'OK', status_code: 100 }),
        read(envelope({ status: 'OK', status_code: 100, sms_id: '000000-1' })),
      ],
      [
        ...['recipient smsru_207', 'recipient smsru_215', 'throttled smsru_231'],
        ...['message smsru_999', 'account smsru_201', 'unknown', 'accepted'],
      ],
    );
  });

  test('many entries are signed together in their order; others than statuses are passed over', () => {
    const entries = [
      'sms_status\n1-1\n103\n1286524541',
      'callcheck_status\n2\n401\n1',
      'sms_status\n1-2\n104\n1',
    ];
    const hash = createHash('sha256')
      .update(`api${entries.join('')}`)
      .digest('hex');
    const form = new URLSearchParams([
      ...entries.map((entry, place): [string, string] => [`data[${place + 1}]`, entry]),
      ['hash', hash],
    ]);
    const reading = smsRu.readCallback?.(callbackOf(form.toString()), own, new Date());
    assert.deepEqual(
      reading?.reports.map(({ providerMessageId, state }) => [providerMessageId, state]),
      [
        ['1-1', 'delivered'],
        ['1-2', 'expired'],
      ],
    );
    assert.equal(reading?.reply.body, '100');
  });

  test('its test of an address is answered as it wants and says nothing', () => {
    const reading = smsRu.readCallback?.(callbackOf(''), own, new Date());
    assert.deepEqual([reading?.reports, reading?.reply.body], [[], '100']);
  });
});

describe('MTS Exolve', () => {
  const own = account({}, { api_key: 'key', callback_key: 'k' });

  test('an id is kept whether it came as a number or a text', () => {
    for (const id of ['439166538239448537', '"439166538239448537"']) {
      assert.deepEqual(exolve.readAnswer(answerOf(`{"message_id":${id}}`), ORDER, own), {
        ...{ outcome: 'accepted', providerMessageIds: ['439166538239448537'] },
      });
    }
  });

  test('a list that holds another message is no answer', () => {
    const body = '{"messages":[{"message_id":439166538239448536,"delivery_status":3}]}';
    const asked = [questionOf('439166538239448537')];
    assert.deepEqual(exolve.status?.readStatus(answerOf(body), asked, own), []);
    assert.deepEqual(
      exolve.status?.readStatus(answerOf('{"messages":[]}'), asked, own)[0]?.state,
      'not_found',
    );
  });

  test('states come by number and by name', () => {
    const read = (fields: object) =>
      exolve.status?.readStatus(
        answerOf({ messages: [{ message_id: '7', ...fields }] }),
        [questionOf('7')],
        own,
      )[0]?.state;
    assert.deepEqual(
      [
        read({ delivery_status: 'DELIVERY_STATUS_RETRIES_EXCEEDED' }),
        read({ delivery_status: 'DELIVERED' }),
        read({ delivery_status: 6 }),
        read({ delivery_status: 1, status: 'STATUS_UNDERFUNDED' }),
        read({ delivery_status: 3, status: 5 }),
        read({ delivery_status: 'constructor' }),
      ],
      ['undelivered', 'delivered', 'rejected', 'rejected', 'delivered', undefined],
    );
  });

  test('whose words they are is told by the word, or by the end that is ours', () => {
    const read = (fields: object) => {
      const body = JSON.stringify({ message_id: '7', text: 'STOP', delivery_status: 3, ...fields });
      const callback = callbackOf(body, { url: 'https://kopek.test/cb?key=k' });
      const reading = exolve.readCallback?.(callback, own, new Date());
      return reading?.incoming.length === 1 ? reading.incoming[0]?.from : 'report';
    };
    const ends = { sender: '79161234567', receiver: '79580000000' };
    assert.deepEqual(
      [
        read({ ...ends, direction: 'DIRECTION_INCOMING' }),
        read({ ...ends, direction: 'OUTGOING', number: '79580000000' }),
        read({ ...ends, direction: 2, number: '79580000000' }),
        read({ ...ends, direction: 1, number: '79161234567' }),
        read({ ...ends, direction: 1 }),
        read({ ...ends, direction: 2 }),
      ],
      ['+79161234567', 'report', '+79161234567', 'report', '+79161234567', 'report'],
    );
  });
});

describe('Twilio', () => {
  const own = account({ account_sid: `AC${'1'.repeat(32)}` }, { auth_token: '12345' });

  test("the signature of Twilio's own documentation is believed, with the default port and without", () => {
    // https://www.twilio.com/docs/usage/security#validating-requests
    const body = new URLSearchParams({
      ...{ Digits: '1234', To: '+18005551212', From: '+12349013030' },
      ...{ Caller: '+12349013030', CallSid: 'CA1234567890ABCDE' },
    }).toString();
    const signed = (url: string, form = body) =>
      isSignedByTwilio(
        callbackOf(form, {
          url,
          headers: { 'X-Twilio-Signature': '0/KCTR6DLpKmkAf8muzZqo1nDgQ=' },
        }),
        '12345',
      );
    const url = 'https://mycompany.com/myapp.php?foo=1&bar=2';
    assert.equal(signed(url), true);
    assert.equal(signed(url.replace('.com', '.com:443')), true);
    // A field that comes twice with one value counts once.
    assert.equal(signed(url, `${body}&Digits=1234`), true);
    assert.equal(signed(url.replace('foo=1', 'foo=2')), false);
    assert.equal(signed(url.replace('https', 'http')), false);
    assert.equal(signed(url, body.replace('1234', '1235')), false);
    assert.equal(signed(url, `${body}&x=`), false);
  });

  test('of a JSON body the URL carries the digest, and both are looked at', () => {
    const body = '{"a":1}';
    const digest = createHash('sha256').update(body).digest('hex');
    const url = `https://kopek.test/cb?bodySHA256=${digest}`;
    const signature = createHmac('sha1', '12345').update(url).digest('base64');
    const signed = (text: string) =>
      isSignedByTwilio(
        callbackOf(text, { url, headers: { 'x-twilio-signature': signature } }),
        '12345',
      );
    assert.deepEqual([signed(body), signed('{"a":2}')], [true, false]);
  });

  test('the code tells the class, and what stands in a 5xx tells nothing', () => {
    const read = (code: number, status: number) => {
      const result = twilio.readAnswer(answerOf({ code, message: 'x' }, status), ORDER, own);
      return result.outcome === 'not_sent' ? `${result.fault} ${result.reason}` : result.outcome;
    };
    assert.deepEqual(
      [read(21610, 400), read(21611, 400), read(20003, 401), read(20429, 429), read(99999, 400)],
      [
        ...['recipient twilio_21610', 'throttled twilio_21611', 'account twilio_20003'],
        ...['throttled twilio_20429', 'message twilio_99999'],
      ],
    );
    assert.deepEqual([read(20500, 500), read(20503, 503)], ['unknown', 'temporary twilio_20503']);
  });

  test('a validity that ended is told as expired', () => {
    const body = { sid: 'SM1', status: 'failed', error_code: 30036 };
    const [report] = twilio.status?.readStatus(answerOf(body), [questionOf('SM1')], own) ?? [];
    assert.deepEqual([report?.state, report?.reason], ['expired', 'twilio_30036']);
  });
});
