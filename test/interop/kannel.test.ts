import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { startSmsProviderSimulator } from '#simulators/sms-provider';
import { type Reply, SmppClient } from '#smpp';
import { eventually, freePort, type Lifetime, temporaryFolder } from '#testing';
import { runProgram } from './program.ts';

// Kannel 1.4.5 of Debian, real SMPP software: its gateway as a client of our centre, its test centre for our client.

const BEARERBOX = '/usr/sbin/bearerbox';
const SMSBOX = '/usr/sbin/smsbox';
const DRIVE_SMPP = '/usr/lib/kannel/test/drive_smpp';
const PATIENCE = { timeoutMs: 60_000, intervalMs: 100 };
/** Where `drive_smpp` looks for a gateway; it can't be told another. */
const GATEWAY_PORT = 13_001;
const MESSAGES = 20;
const timeout = 180_000;

function skipWithout(...programs: readonly string[]): string | false {
  const missing = programs.filter((program) => !existsSync(program));
  return missing.length > 0 && `${missing.join(', ')}: apt-get install kannel kannel-extras`;
}

interface GatewayPorts {
  readonly centre: number;
  readonly admin: number;
  readonly boxes: number;
  readonly http: number;
  /** Where it tells what customers wrote, and receipts. */
  readonly house: number;
}

function configure({ admin, boxes, centre, house, http }: GatewayPorts): string {
  const here = '127.0.0.1';
  const groups = [
    [
      ...['group = core', `admin-port = ${admin}`, 'admin-password = kannel'],
      ...[`smsbox-port = ${boxes}`, 'box-deny-ip = "*.*.*.*"', `box-allow-ip = "${here}"`],
    ],
    [
      ...['group = smsc', 'smsc = smpp', 'smsc-id = centre', `host = ${here}`, `port = ${centre}`],
      ...['transceiver-mode = true', 'smsc-username = "kopek"', 'smsc-password = "kopeksim"'],
      ...['system-type = ""', 'enquire-link-interval = 1', 'msg-id-type = 0'],
    ],
    ['group = smsbox', `bearerbox-host = ${here}`, `sendsms-port = ${http}`, 'mo-recode = true'],
    [
      'group = sendsms-user',
      'username = us',
      'password = us',
      'max-messages = 10',
      'concatenation = true',
    ],
    [
      ...['group = sms-service', 'keyword = default', 'catch-all = true', 'max-messages = 0'],
      ...['omit-empty = true', `get-url = "http://${here}:${house}/mo?from=%p&text=%b"`],
    ],
  ];
  return groups.map((lines) => `${lines.join('\n')}\n`).join('\n');
}

/** Keeps what is asked of it. */
async function startHouse(life: Lifetime) {
  const heard: URL[] = [];
  const server = createServer((request, response) => {
    heard.push(new URL(request.url ?? '/', 'http://house'));
    response.end();
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  life.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { heard, port: (server.address() as AddressInfo).port };
}

describe('Kannel', () => {
  test('its gateway sends over our centre, long and short, hears of each, and takes what customers write', {
    ...{ skip: skipWithout(BEARERBOX, SMSBOX), timeout },
  }, async (t) => {
    const folder = await temporaryFolder(t);
    const simulator = await startSmsProviderSimulator({ port: 0, folder });
    t.after(() => simulator.close());
    const house = await startHouse(t);
    const ports = {
      ...{ centre: simulator.smpp.port, house: house.port, admin: await freePort() },
      ...{ boxes: await freePort(), http: await freePort() },
    };
    const file = join(folder, 'kannel.conf');
    await writeFile(file, configure(ports));
    const gateway = runProgram(t, { command: BEARERBOX, args: ['-v', '0', file] });
    await gateway.says(/SMPP\[centre\].*(?:Handling PDU|Got PDU|bind_transceiver_resp)/is);
    const box = runProgram(t, { command: SMSBOX, args: ['-v', '0', file] });
    await box.says(/entering|Connected to bearerbox|starting/i);
    const send = async (to: string, text: string, more: object = {}) => {
      const url = new URL(`http://127.0.0.1:${ports.http}/cgi-bin/sendsms`);
      const receipts = `http://127.0.0.1:${house.port}/receipt?to=${to}&type=%d`;
      const fields = { username: 'us', password: 'us', from: 'Kopek', to, text, ...more };
      const asked = { ...fields, 'dlr-mask': '3', 'dlr-url': receipts };
      for (const [name, value] of Object.entries(asked)) url.searchParams.set(name, value);
      await eventually(async () => {
        assert.match(await (await fetch(url)).text(), /Accepted for delivery/);
      }, PATIENCE);
    };
    const received = async (to: string) => {
      const answer = await fetch(`${simulator.url}/handsets/${to}`);
      const { messages } = (await answer.json()) as {
        messages: { text: string; part: { number: number } | null }[];
      };
      const sorted = messages.toSorted((a, b) => (a.part?.number ?? 0) - (b.part?.number ?? 0));
      return sorted.map(({ text }) => text).join('');
    };
    const texts = ['hello {x} €', 'x'.repeat(400), 'Привет, '.repeat(20)];
    for (const [at, text] of texts.entries()) {
      const to = `7916123456${at}`;
      await send(to, text, at === 2 ? { coding: '2', charset: 'UTF-8' } : { charset: 'UTF-8' });
      await eventually(async () => assert.equal(await received(to), text), PATIENCE);
      await eventually(() => {
        const receipt = house.heard.find(({ searchParams }) => searchParams.get('to') === to);
        assert.equal(receipt?.searchParams.get('type'), '1');
      }, PATIENCE);
    }
    await fetch(`${simulator.url}/handsets/79161234560/say`, {
      ...{ method: 'POST', headers: { 'content-type': 'application/json' } },
      body: JSON.stringify({ to: '7787', text: 'STOP', provider: 'smpp' }),
    });
    await eventually(() => {
      const said = house.heard.find(({ pathname }) => pathname === '/mo');
      assert.deepEqual(
        [said?.searchParams.get('from'), said?.searchParams.get('text')],
        ['+79161234560', 'STOP'],
      );
    }, PATIENCE);
  });

  test('its test centre takes what our client sends, and our client all that it delivers', {
    ...{ skip: skipWithout(DRIVE_SMPP), timeout },
  }, async (t) => {
    const gateway = createTcpServer((socket) => socket.on('error', () => {}).resume());
    gateway.on('error', () => {}); // somebody else's is as good
    gateway.listen(GATEWAY_PORT, '127.0.0.1');
    const port = await freePort();
    const centre = runProgram(t, {
      ...{ command: DRIVE_SMPP, args: ['-v', '0', '-p', String(port), '-m', String(MESSAGES)] },
    });
    await centre.says(/accept_thread/);
    const taken: string[] = [];
    const common = {
      ...{ host: '127.0.0.1', port, bind: { systemId: 'kopek', password: 'kopek' } },
      ...{ pauses: { firstMs: 50, mostMs: 200, refusedMs: 50 }, enquireMs: 200 },
    };
    const receiver = new SmppClient({
      ...{ ...common, bindAs: 'bind_receiver' },
      take(pdu, session) {
        if (pdu.command === 'deliver_sm') taken.push(pdu.body.shortMessage.toString());
        session.respond(pdu);
      },
    });
    const transmitter = new SmppClient({ ...common, bindAs: 'bind_transmitter', take() {} });
    t.after(async () => {
      await Promise.all([receiver.close(0), transmitter.close(0)]);
      gateway.close();
    });
    await eventually(() => assert.ok(transmitter.ready), PATIENCE);
    const replies = await Promise.all(
      Array.from({ length: MESSAGES }, (_, at) => submit(transmitter, `message ${at}`)),
    );
    assert.ok(replies.every((one) => one.outcome === 'answered' && one.pdu.status === 0));
    await centre.says(/All messages sent to ESME/);
    await eventually(() => assert.equal(taken.length, MESSAGES), PATIENCE);
    await centre.says(/short_message = <message 19>/);
  });
});

function submit(client: SmppClient, text: string): Promise<Reply> {
  const body = { source: '123', destination: '456', shortMessage: Buffer.from(text) };
  const untilMs = performance.now() + PATIENCE.timeoutMs;
  return new Promise((done) => client.request({ command: 'submit_sm', body }, { untilMs, done }));
}
