import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import smpp from 'smpp';
import { SmppClient } from '#smpp';
import type { BenchContext } from './frame/claim.ts';

export const name = 'smpp';
export const claim =
  'submit_sm answered per second, by our client and by npm’s smpp 0.5.1 with a window around it, at the same centre';

const WINDOWS = [1, 10, 50] as const;
const TARGET = 1;
const SUBMITS: Readonly<Record<number, number>> = { 1: 20_000, 10: 60_000, 50: 100_000 };
const WARM_UP = 30_000;
const PATIENCE_MS = 600_000;
const TEXT = 'Your code is 123456. It is valid for ten minutes, and nobody but you should know it.';
const credentials = { systemId: 'bench', password: 'bench' };

export async function run(context: BenchContext): Promise<void> {
  const centre = await startCentre();
  try {
    // A client that has just started is not what runs all day, neither ours nor theirs.
    await measureOurs(centre.port, 10, WARM_UP);
    await measurePackage(centre.port, 10, WARM_UP);
    for (const window of WINDOWS) {
      const count = SUBMITS[window] ?? 0;
      await context.compare({
        ...{ situation: `window ${window}`, unit: 'submits/s', against: 'smpp', target: TARGET },
        ours: () => measureOurs(centre.port, window, count),
        floor: () => measurePackage(centre.port, window, count),
      });
    }
  } finally {
    centre.stop();
  }
}

async function startCentre(): Promise<{ readonly port: number; stop(): void }> {
  const file = join(import.meta.dirname, 'frame/smpp-centre.ts');
  const child = spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await once(createInterface(child.stdout), 'line');
  const { port } = JSON.parse(line) as { port: number };
  return { port, stop: () => void child.kill() };
}

/** Keeps `window` submits under way until `count` are answered; answers how many a second that were. */
async function keepBusy(
  submit: (answered: () => void) => void,
  { count, window }: { readonly count: number; readonly window: number },
): Promise<number> {
  let [begun, answered] = [0, 0];
  const beganMs = performance.now();
  await new Promise<void>((done) => {
    const next = () => {
      answered += 1;
      if (answered === count) done();
      else if (begun < count) begin();
    };
    const begin = () => {
      begun += 1;
      submit(next);
    };
    while (begun < window) begin();
  });
  return (count * 1000) / (performance.now() - beganMs);
}

async function measureOurs(port: number, window: number, count: number): Promise<number> {
  let bound: (() => void) | undefined;
  const ready = new Promise<void>((done) => {
    bound = done;
  });
  const client = new SmppClient({
    ...{ host: '127.0.0.1', port, window, bind: credentials, take() {} },
    tell: ({ event }) => event === 'bound' && bound?.(),
  });
  await ready;
  const submit = (answered: () => void) => {
    // As the provider makes them: a new body and new octets for each message.
    const body = {
      ...{ sourceTon: 5, source: 'Kopek', destinationTon: 1, destinationNpi: 1 },
      ...{ destination: '79161234567', registeredDelivery: 1 },
      shortMessage: Buffer.from(TEXT, 'latin1'),
    };
    client.request(
      { command: 'submit_sm', body },
      {
        untilMs: performance.now() + PATIENCE_MS,
        done(reply) {
          if (reply.outcome !== 'answered' || reply.pdu.status !== 0)
            throw new Error('must hold: the centre accepts all');
          answered();
        },
      },
    );
  };
  const perSecond = await keepBusy(submit, { count, window });
  await client.close(1000);
  return perSecond;
}

async function measurePackage(port: number, window: number, count: number): Promise<number> {
  const session = await new Promise<ReturnType<typeof smpp.connect>>((done) => {
    const opened = smpp.connect({ host: '127.0.0.1', port }, () => done(opened));
  });
  session.socket.setNoDelay(true);
  await new Promise<void>((done) => {
    session.bind_transceiver({ system_id: 'bench', password: 'bench' }, () => done());
  });
  const submit = (answered: () => void) => {
    const message = {
      ...{ source_addr_ton: 5, source_addr: 'Kopek', dest_addr_ton: 1, dest_addr_npi: 1 },
      ...{ destination_addr: '79161234567', registered_delivery: 1, data_coding: 0 },
      short_message: Buffer.from(TEXT, 'latin1'),
    };
    session.submit_sm(message, (pdu) => {
      if (pdu.command_status !== 0) throw new Error('must hold: the centre accepts all');
      answered();
    });
  };
  const perSecond = await keepBusy(submit, { count, window });
  session.destroy();
  return perSecond;
}
