import { createServer, type Socket } from 'node:net';
import type { Lifetime } from '#testing';
import type { CommandName } from './commands.ts';
import { Frames } from './frames.ts';
import { type AnyPdu, decodePdu, encodePdu, type Outgoing } from './pdu.ts';

/** The other end of a connection, which does what a test tells it, good or bad. */
export interface Peer {
  send<Name extends CommandName>(pdu: Outgoing<Name>): void;
  raw(octets: Buffer): void;
  /** Ends the connection as a network does. */
  cut(): void;
  end(): void;
}

export interface ScriptedPeer {
  readonly port: number;
  /** All that came, of all connections. */
  readonly heard: AnyPdu[];
  /** Of connections that are open. */
  readonly peers: readonly Peer[];
  /** How many connections there were. */
  connections(): number;
}

export type Script = (pdu: AnyPdu, peer: Peer, heard: readonly AnyPdu[]) => void;

/** Listens, and plays the script for every PDU that comes. */
export async function startScriptedPeer(life: Lifetime, script: Script): Promise<ScriptedPeer> {
  const heard: AnyPdu[] = [];
  const peers = new Map<Socket, Peer>();
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    const peer: Peer = {
      send: (pdu) => void socket.write(encodePdu(pdu)),
      raw: (octets) => void socket.write(octets),
      cut: () => void socket.resetAndDestroy(),
      end: () => void socket.end(),
    };
    peers.set(socket, peer);
    const frames = new Frames({
      lengthMost: 1_000_000,
      take(frame) {
        const read = decodePdu(frame);
        if (read.outcome !== 'pdu') throw new Error(read.reason);
        heard.push(read.pdu);
        script(read.pdu, peer, heard);
      },
      lost: (reason) => {
        throw new Error(reason);
      },
    });
    socket.on('data', (chunk: Buffer) => frames.push(chunk));
    socket.on('error', () => {});
    socket.on('close', () => peers.delete(socket));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  life.after(() => {
    server.close();
    for (const socket of peers.keys()) socket.destroy();
  });
  return {
    port: (server.address() as { port: number }).port,
    heard,
    get peers() {
      return [...peers.values()];
    },
    connections: () => connections,
  };
}

/** Binds whoever asks, answers enquiries and unbinds; the rest is the script's. */
export function happily(script: Script = () => {}): Script {
  return (pdu, peer, heard) => {
    const { command, sequence } = pdu;
    if (command === 'bind_transceiver') {
      peer.send({ command: 'bind_transceiver_resp', sequence, body: { systemId: 'CENTRE' } });
    } else if (command === 'enquire_link') {
      peer.send({ command: 'enquire_link_resp', sequence });
    } else if (command === 'unbind') {
      peer.send({ command: 'unbind_resp', sequence });
    } else script(pdu, peer, heard);
  };
}
