import assert from 'node:assert/strict';
import { test } from 'node:test';
import smpp, { type SmppPackagePdu, type SmppPackageSession } from 'smpp';
import { startSmsProviderSimulator } from '#simulators/sms-provider';
import { type Reply, SmppClient } from '#smpp';
import { eventually, type Lifetime, temporaryFolder } from '#testing';

// npm's smpp, which shares no line with us: its client at our centre, its server at our client.

const PATIENCE = { timeoutMs: 30_000 };
const PASSWORD = 'kopeksim';

async function connectStranger(life: Lifetime, port: number) {
  const heard: SmppPackagePdu[] = [];
  const session = await new Promise<SmppPackageSession>((done) => {
    const opened = smpp.connect({ host: '127.0.0.1', port }, () => done(opened));
    opened.on('error', () => {});
  });
  session.on('deliver_sm', (pdu) => {
    heard.push(pdu);
    session.send(pdu.response());
  });
  life.after(() => session.destroy());
  return { session, heard };
}

function asked(ask: (answered: (pdu: SmppPackagePdu) => void) => boolean): Promise<SmppPackagePdu> {
  return new Promise((done) => ask(done));
}

test('its client binds at our centre, sends, hears receipts and customers, asks and unbinds', async (t) => {
  const simulator = await startSmsProviderSimulator({ port: 0, folder: await temporaryFolder(t) });
  t.after(() => simulator.close());
  const { heard, session } = await connectStranger(t, simulator.smpp.port);
  const credentials = { system_id: 'kopek', password: PASSWORD };
  const early = await asked((done) => session.submit_sm({ destination_addr: '79161234567' }, done));
  assert.equal(early.command_status, 4, 'nothing is sent before the bind');
  const wrong = { ...credentials, password: 'wrong' };
  const refused = await asked((done) => session.bind_transceiver(wrong, done));
  assert.equal(refused.command_status, 0x0e);
  const bound = await asked((done) => session.bind_transceiver(credentials, done));
  assert.equal(bound.command_status, 0);
  for (const [at, text] of ['hello', 'Привет, 🎵', 'ünï {brackets}'].entries()) {
    const message = { source_addr: 'Kopek', destination_addr: `7916123456${at}` };
    const sent = await asked((done) =>
      session.submit_sm({ ...message, short_message: text, registered_delivery: 1 }, done),
    );
    assert.equal(sent.command_status, 0);
    await eventually(() => {
      const receipt = String(heard.at(-1)?.short_message?.message);
      assert.match(receipt, new RegExp(`id:${sent.message_id} .*stat:DELIVRD`));
    }, PATIENCE);
    const answer = await fetch(`${simulator.url}/handsets/7916123456${at}`);
    const { messages } = (await answer.json()) as { messages: { text: string }[] };
    assert.equal(messages.at(-1)?.text, text);
    const asking = { message_id: sent.message_id ?? '', source_addr: 'Kopek' };
    const state = await asked((done) => session.query_sm(asking, done));
    assert.equal(state.message_state, 2);
  }
  await fetch(`${simulator.url}/handsets/79161234567/say`, {
    ...{ method: 'POST', headers: { 'content-type': 'application/json' } },
    body: JSON.stringify({ to: '7787', text: 'СТОП', provider: 'smpp' }),
  });
  await eventually(() => assert.equal(heard.at(-1)?.short_message?.message, 'СТОП'), PATIENCE);
  assert.equal((await asked((done) => session.enquire_link(done))).command_status, 0);
  assert.equal((await asked((done) => session.unbind(done))).command_status, 0);
});

test('our client binds at its server, sends, takes what it delivers, and unbinds', async (t) => {
  const heard: SmppPackagePdu[] = [];
  let theirs: SmppPackageSession | undefined;
  const server = smpp.createServer((session) => {
    theirs = session;
    session.on('error', () => {});
    for (const command of ['bind_transceiver', 'submit_sm', 'enquire_link', 'unbind'])
      session.on(command, (pdu) => {
        heard.push(pdu);
        session.send(pdu.response({ message_id: `m${pdu.sequence_number}`, system_id: 'THEIRS' }));
      });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  t.after(() => {
    theirs?.destroy();
    server.close();
  });
  const taken: string[] = [];
  const client = new SmppClient({
    ...{ host: '127.0.0.1', port: server.address().port, enquireMs: 50 },
    bind: { systemId: 'kopek', password: PASSWORD },
    take(pdu, session) {
      if (pdu.command === 'deliver_sm') taken.push(pdu.body.shortMessage.toString('latin1'));
      session.respond(pdu);
    },
  });
  await eventually(() => assert.ok(client.ready), PATIENCE);
  const replies = await Promise.all(
    Array.from(
      { length: 50 },
      (_, at) =>
        new Promise<Reply>((done) => {
          const shortMessage = Buffer.from(`text ${at}`);
          const body = { source: 'Kopek', destination: '79161234567', shortMessage, dataCoding: 1 };
          const untilMs = performance.now() + PATIENCE.timeoutMs;
          client.request(
            { command: 'submit_sm', body, tlvs: { userMessageReference: at } },
            { untilMs, done },
          );
        }),
    ),
  );
  for (const reply of replies) {
    assert.ok(reply.outcome === 'answered' && reply.pdu.command === 'submit_sm_resp');
    assert.equal(reply.pdu.body.messageId, `m${reply.pdu.sequence}`);
  }
  const texts = heard.flatMap(({ command, short_message }) =>
    command === 'submit_sm' ? [String(short_message?.message)] : [],
  );
  assert.deepEqual(
    texts,
    Array.from({ length: 50 }, (_, at) => `text ${at}`),
  );
  const answer = await asked(
    (done) =>
      theirs?.deliver_sm(
        { source_addr: '79161234567', destination_addr: '7787', short_message: 'STOP' },
        done,
      ) ?? false,
  );
  assert.equal(answer.command_status, 0);
  assert.deepEqual(taken, ['STOP']);
  await eventually(
    () => assert.ok(heard.some(({ command }) => command === 'enquire_link')),
    PATIENCE,
  );
  await client.close(1000);
  assert.equal(heard.at(-1)?.command, 'unbind');
});
