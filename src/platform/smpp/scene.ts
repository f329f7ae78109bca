import assert from 'node:assert/strict';
import { eventually, type Lifetime } from '#testing';
import { Client, type ClientEvent, type ClientOptions } from './client.ts';
import type { AnyPdu, Outgoing } from './pdu.ts';
import type { Reply } from './request.ts';
import {
  happily,
  type Peer,
  type Script,
  type ScriptedPeer,
  startScriptedPeer,
} from './scripted-peer.ts';

export const PATIENCE = { timeoutMs: 20_000 };
const SOON = { firstMs: 1, mostMs: 20, refusedMs: 1 };
const bind = { systemId: 'kopek', password: 'secret' };

/** A client and the centre that it meets. */
export interface Scene {
  readonly peer: ScriptedPeer;
  readonly client: Client;
  readonly events: ClientEvent[];
  readonly taken: AnyPdu[];
  submit(text?: string, untilMs?: number): Promise<Reply>;
}

export async function meet(life: Lifetime, script: Script, options: Partial<ClientOptions> = {}) {
  const peer = await startScriptedPeer(life, script);
  return scene(life, peer, options);
}

export function scene(life: Lifetime, peer: ScriptedPeer, options: Partial<ClientOptions>): Scene {
  const events: ClientEvent[] = [];
  const taken: AnyPdu[] = [];
  const client = new Client({
    ...{ host: '127.0.0.1', port: peer.port, bind, pauses: SOON, responseMs: 20_000 },
    take(pdu, session) {
      taken.push(pdu);
      session.respond(pdu);
    },
    tell: (event) => events.push(event),
    ...options,
  });
  life.after(() => client.close(0));
  return { peer, client, events, taken, submit: (...args) => submit(client, ...args) };
}

/** Throws when it is answered twice. */
function submit(client: Client, text = 'hello', patienceMs = 20_000): Promise<Reply> {
  let answers = 0;
  return new Promise((done) => {
    client.request(
      {
        command: 'submit_sm',
        body: { destination: '79161234567', shortMessage: Buffer.from(text) },
      },
      {
        untilMs: performance.now() + patienceMs,
        done(reply) {
          answers += 1;
          assert.equal(answers, 1, 'a request is answered once');
          done(reply);
        },
      },
    );
  });
}

export async function untilReady({ client }: Scene): Promise<void> {
  await eventually(() => assert.ok(client.ready), PATIENCE);
}

export function accept(
  pdu: AnyPdu,
  peer: Peer,
  more: Partial<Outgoing<'submit_sm_resp'>> = {},
): void {
  const { sequence } = pdu;
  peer.send({ command: 'submit_sm_resp', sequence, body: { messageId: `m${sequence}` }, ...more });
}

export const accepting = happily((pdu, peer) => {
  if (pdu.command === 'submit_sm') accept(pdu, peer);
});

export function outcomeOf(reply: Reply): string {
  return reply.outcome === 'answered'
    ? `status ${reply.pdu.status}`
    : `${reply.outcome} ${reply.reason}`;
}
