import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '#testing';
import { type AnyPdu, encodePdu } from './pdu.ts';
import { accept, accepting, meet, outcomeOf, PATIENCE, untilReady } from './scene.ts';
import { happily } from './scripted-peer.ts';
import { STATUSES } from './statuses.ts';

// The bad centres that clients meet, as a family: whatever one does, every request is answered once, and the client
// is bound again when it can be.

test('a happy centre accepts, and every request is matched with its own answer', async (t) => {
  const scene = await meet(
    t,
    happily((pdu, peer) => {
      // The texts come back as ids, some of them later than those behind them.
      if (pdu.command !== 'submit_sm') return;
      const messageId = pdu.body.shortMessage.toString();
      setTimeout(() => accept(pdu, peer, { body: { messageId } }), Number(messageId) % 3);
    }),
  );
  await untilReady(scene);
  const replies = await Promise.all(
    Array.from({ length: 300 }, (_, at) => scene.submit(String(at))),
  );
  for (const [at, reply] of replies.entries()) {
    assert.equal(reply.outcome, 'answered');
    assert.ok(reply.outcome === 'answered' && reply.pdu.command === 'submit_sm_resp');
    assert.equal(reply.pdu.body.messageId, String(at));
  }
});

test('the window is never larger than it may be, and whoever waits keeps the order', async (t) => {
  let open = 0;
  let most = 0;
  const scene = await meet(
    t,
    happily((pdu, peer) => {
      if (pdu.command !== 'submit_sm') return;
      open += 1;
      most = Math.max(most, open);
      setImmediate(() => {
        open -= 1;
        accept(pdu, peer);
      });
    }),
    { window: 7 },
  );
  await untilReady(scene);
  await Promise.all(Array.from({ length: 200 }, (_, at) => scene.submit(String(at))));
  assert.equal(most, 7);
  const texts = scene.peer.heard.flatMap((pdu) =>
    pdu.command === 'submit_sm' ? [pdu.body.shortMessage.toString()] : [],
  );
  assert.deepEqual(
    texts,
    Array.from({ length: 200 }, (_, at) => String(at)),
  );
});

test('a black hole: what was sent is unknown, what waited was not sent', async (t) => {
  const scene = await meet(t, happily(), { window: 2, responseMs: 300 });
  await untilReady(scene);
  const replies = await Promise.all([
    ...[scene.submit(), scene.submit()],
    ...[scene.submit('waits', 50), scene.submit('waits', 50)],
  ]);
  assert.deepEqual(replies.map(outcomeOf), [
    ...['unknown response_timeout', 'unknown response_timeout'],
    ...['not_sent window_full', 'not_sent window_full'],
  ]);
  assert.equal(scene.peer.heard.filter(({ command }) => command === 'submit_sm').length, 2);
  // It still answers enquiries: the session is a good one.
  assert.equal(scene.peer.connections(), 1);
});

test('an answer after the response timer is told to whoever still wants to know', async (t) => {
  let late: (() => void) | undefined;
  const scene = await meet(
    t,
    happily((pdu, peer) => {
      if (pdu.command === 'submit_sm') late = () => accept(pdu, peer, { body: { messageId: 'l' } });
    }),
    { responseMs: 200 },
  );
  await untilReady(scene);
  const answered = new Promise<AnyPdu>((told) => {
    scene.client.request(
      { command: 'submit_sm' },
      {
        ...{ untilMs: performance.now() + 20_000, late: told },
        done(reply) {
          assert.equal(outcomeOf(reply), 'unknown response_timeout');
          late?.();
        },
      },
    );
  });
  const pdu = await answered;
  assert.ok(pdu.command === 'submit_sm_resp' && pdu.body.messageId === 'l');
});

test('a centre that says nothing at all is left, and found again', async (t) => {
  let silent = true;
  const scene = await meet(
    t,
    (pdu, peer, heard) => {
      if (pdu.command === 'bind_transceiver' || !silent) accepting(pdu, peer, heard);
    },
    { responseMs: 200, enquireMs: 50 },
  );
  await eventually(() => assert.ok(scene.peer.connections() >= 3), PATIENCE);
  assert.ok(
    scene.events.some((one) => one.event === 'ended' && /enquire_link/.test(one.reason)),
    'it was asked whether it is there',
  );
  silent = false;
  await eventually(async () => assert.equal(outcomeOf(await scene.submit()), 'status 0'), PATIENCE);
});

test('errors of a submit are its answer, with and without a body', async (t) => {
  const scene = await meet(
    t,
    happily((pdu, peer) => {
      if (pdu.command !== 'submit_sm') return;
      const octets = encodePdu({
        ...{ command: 'submit_sm_resp', sequence: pdu.sequence, status: 0x0b },
      });
      const bodyless = Buffer.from(octets.subarray(0, 16));
      bodyless.writeUInt32BE(16, 0);
      peer.raw(pdu.body.shortMessage.toString() === 'bare' ? bodyless : octets);
    }),
  );
  await untilReady(scene);
  assert.equal(outcomeOf(await scene.submit('bare')), 'status 11');
  assert.equal(outcomeOf(await scene.submit('whole')), 'status 11');
});

test('generic_nack with the sequence of a request is its answer; one without is nobody’s', async (t) => {
  const scene = await meet(
    t,
    happily((pdu, peer) => {
      if (pdu.command !== 'submit_sm') return;
      const known = pdu.body.shortMessage.toString() === 'known';
      peer.send({ command: 'generic_nack', sequence: known ? pdu.sequence : 0, status: 3 });
    }),
    { responseMs: 300 },
  );
  await untilReady(scene);
  assert.equal(outcomeOf(await scene.submit('known')), 'status 3');
  assert.equal(outcomeOf(await scene.submit('lost')), 'unknown response_timeout');
});

test('the answer of another command says nothing about a request', async (t) => {
  const scene = await meet(
    t,
    happily((pdu, peer) => {
      if (pdu.command === 'submit_sm')
        peer.send({ command: 'query_sm_resp', sequence: pdu.sequence });
    }),
  );
  await untilReady(scene);
  assert.equal(outcomeOf(await scene.submit()), 'unknown unexpected_response');
});

test('a connection cut in mid-window: each is answered once, and the next session takes more', async (t) => {
  let cut = false;
  const scene = await meet(
    t,
    happily((pdu, peer, heard) => {
      if (pdu.command !== 'submit_sm') return;
      if (!cut && heard.filter(({ command }) => command === 'submit_sm').length === 5) {
        cut = true;
        peer.cut();
      } else if (cut) accept(pdu, peer);
    }),
    { window: 5 },
  );
  await untilReady(scene);
  const replies = await Promise.all(Array.from({ length: 8 }, () => scene.submit()));
  assert.deepEqual(replies.map(outcomeOf), [
    ...Array.from({ length: 5 }, () => 'unknown connection_ended'),
    ...Array.from({ length: 3 }, () => 'not_sent no_session'),
  ]);
  await eventually(async () => assert.equal(outcomeOf(await scene.submit()), 'status 0'), PATIENCE);
});

test('unbind on submit: it is answered, what was sent is unknown, and the client binds again', async (t) => {
  let times = 0;
  const scene = await meet(
    t,
    happily((pdu, peer) => {
      if (pdu.command !== 'submit_sm') return;
      times += 1;
      if (times === 1) peer.send({ command: 'unbind', sequence: 99 });
      else accept(pdu, peer);
    }),
  );
  await untilReady(scene);
  assert.equal(outcomeOf(await scene.submit()), 'unknown connection_ended');
  await eventually(() => {
    assert.ok(scene.peer.heard.some((one) => one.command === 'unbind_resp' && one.sequence === 99));
  }, PATIENCE);
  await eventually(async () => assert.equal(outcomeOf(await scene.submit()), 'status 0'), PATIENCE);
});

test('a length that no PDU has ends the session, and the centre is told why', async (t) => {
  for (const length of [3, 0xfffffff0]) {
    let times = 0;
    const scene = await meet(
      t,
      happily((pdu, peer) => {
        if (pdu.command !== 'submit_sm') return;
        times += 1;
        const octets = encodePdu({ command: 'submit_sm_resp', sequence: pdu.sequence });
        if (times === 1) octets.writeUInt32BE(length, 0);
        peer.raw(octets);
      }),
    );
    await untilReady(scene);
    assert.equal(outcomeOf(await scene.submit()), 'unknown connection_ended');
    await eventually(() => {
      const nack = scene.peer.heard.find(({ command }) => command === 'generic_nack');
      assert.equal(nack?.status, STATUSES.ESME_RINVCMDLEN);
    }, PATIENCE);
    await eventually(
      async () => assert.equal(outcomeOf(await scene.submit()), 'status 0'),
      PATIENCE,
    );
  }
});

test('an unknown command and a request that can’t be read are refused, and the session goes on', async (t) => {
  const scene = await meet(
    t,
    happily((pdu, peer) => {
      if (pdu.command !== 'submit_sm') return;
      const strange = encodePdu({ command: 'enquire_link', sequence: 41 });
      strange.writeUInt32BE(0x0a, 4);
      peer.raw(strange);
      const broken = Buffer.from(
        encodePdu({ command: 'deliver_sm', sequence: 42 }).subarray(0, 20),
      );
      broken.writeUInt32BE(20, 0);
      peer.raw(broken);
      accept(pdu, peer);
    }),
  );
  await untilReady(scene);
  assert.equal(outcomeOf(await scene.submit()), 'status 0');
  await eventually(() => {
    const nacks = scene.peer.heard.filter(({ command }) => command === 'generic_nack');
    assert.deepEqual(
      nacks.map(({ sequence, status }) => [sequence, status]),
      [
        [41, STATUSES.ESME_RINVCMDID],
        [42, STATUSES.ESME_RINVCMDLEN],
      ],
    );
  }, PATIENCE);
  assert.equal(scene.taken.length, 0);
});

test('a message before the bind was accepted is refused, one after it is taken', async (t) => {
  const scene = await meet(t, (pdu, peer, heard) => {
    if (pdu.command === 'bind_transceiver') peer.send({ command: 'deliver_sm', sequence: 1 });
    happily()(pdu, peer, heard);
    if (pdu.command === 'bind_transceiver') peer.send({ command: 'deliver_sm', sequence: 2 });
  });
  await eventually(() => {
    const answers = scene.peer.heard.filter(({ command }) => command === 'deliver_sm_resp');
    assert.deepEqual(
      answers.map(({ sequence, status }) => [sequence, status]),
      [
        [1, STATUSES.ESME_RINVBNDSTS],
        [2, 0],
      ],
    );
  }, PATIENCE);
  assert.equal(scene.taken.length, 1);
});

test('outbind, alerts and data_sm are handed on, and none of the first two is answered', async (t) => {
  const scene = await meet(t, (pdu, peer, heard) => {
    happily()(pdu, peer, heard);
    if (pdu.command !== 'bind_transceiver') return;
    peer.send({ command: 'outbind', sequence: 1 });
    peer.send({ command: 'alert_notification', sequence: 2 });
    peer.send({ command: 'data_sm', sequence: 3 });
  });
  await eventually(() => assert.equal(scene.taken.length, 3), PATIENCE);
  await eventually(() => {
    assert.deepEqual(
      scene.peer.heard.map(({ command, sequence }) => [command, sequence]),
      [
        ['bind_transceiver', 1],
        ['data_sm_resp', 3],
      ],
    );
  }, PATIENCE);
});

for (const status of [STATUSES.ESME_RTHROTTLED, STATUSES.ESME_RMSGQFUL]) {
  test(`after ${status} the centre is left alone, and then takes more`, async (t) => {
    const sent: number[] = [];
    const scene = await meet(
      t,
      happily((pdu, peer) => {
        if (pdu.command !== 'submit_sm') return;
        sent.push(performance.now());
        accept(pdu, peer, sent.length === 1 ? { status } : {});
      }),
      { window: 1 },
    );
    await untilReady(scene);
    assert.equal(outcomeOf(await scene.submit()), `status ${status}`);
    assert.ok(scene.client.pausedMs > 0 || performance.now() - (sent[0] ?? 0) > 90);
    assert.equal(outcomeOf(await scene.submit()), 'status 0');
    assert.ok((sent[1] ?? 0) - (sent[0] ?? 0) >= 90);
  });
}

test('while the centre wants to be left alone, whoever has no patience was not sent', async (t) => {
  const scene = await meet(
    t,
    happily((pdu, peer) => {
      if (pdu.command === 'submit_sm') accept(pdu, peer, { status: STATUSES.ESME_RTHROTTLED });
    }),
  );
  await untilReady(scene);
  // The pause doubles: at some time it is longer than the patience.
  await eventually(async () => {
    assert.equal(outcomeOf(await scene.submit('x', 1)), 'not_sent throttled');
  }, PATIENCE);
});

test('garbage from a centre ends the session and nothing else', async (t) => {
  const scene = await meet(t, (pdu, peer, heard) => {
    happily()(pdu, peer, heard);
    const octets = Buffer.from(
      Array.from({ length: 300 }, (_, at) => (at * 89 + heard.length) % 251),
    );
    peer.raw(octets);
  });
  await eventually(() => assert.ok(scene.peer.connections() >= 5), PATIENCE);
});

test('one who does not read his answers is not read any more, and nothing is lost when he does', async (t) => {
  const scene = await meet(
    t,
    happily((pdu, peer) => {
      if (pdu.command === 'submit_sm') accept(pdu, peer);
    }),
    { window: 2000, waitingMost: 5000 },
  );
  await untilReady(scene);
  const text = 'x'.repeat(250);
  const replies = await Promise.all(Array.from({ length: 5000 }, () => scene.submit(text)));
  assert.ok(replies.every((reply) => outcomeOf(reply) === 'status 0'));
});

test('more than may wait are not sent, at once', async (t) => {
  const scene = await meet(t, happily(), { window: 1, waitingMost: 2 });
  await untilReady(scene);
  void scene.submit();
  void scene.submit();
  void scene.submit();
  assert.equal(outcomeOf(await scene.submit()), 'not_sent window_full');
});

test('what does not fit its field is not sent, and the session goes on', async (t) => {
  const scene = await meet(t, accepting);
  await untilReady(scene);
  assert.equal(outcomeOf(await scene.submit('x'.repeat(255))), 'not_sent malformed');
  assert.equal(outcomeOf(await scene.submit()), 'status 0');
});
