import { createServer } from 'node:net';
import { EXIT } from './exit.ts';
import { Refusal } from './refusal.ts';

const ASK_TIMEOUT_MS = 1000;

/** A port, the setting that names it, and who would listen there. */
export interface WantedPort {
  readonly port: number;
  readonly setting: string;
  readonly host: string;
}

/** Throws a `Refusal` that tells who has the port, before anything else is started. */
export async function mustBeFree(wanted: readonly WantedPort[]): Promise<void> {
  for (const { host, port, setting } of wanted) {
    if (await isFree(port, host)) continue;
    const url = `http://127.0.0.1:${port}`;
    const who = (await isKopek(url)) ? 'another Kopek' : 'another program';
    throw new Refusal(EXIT.temporary, `Port ${port} is taken by ${who}.`, {
      code: 'KOP-0102',
      advice: [
        ...(who === 'another Kopek' ? [`Use it:      ${url}`] : []),
        `Or another:  ${setting}=${port + 10} npm start`,
      ],
    });
  }
}

async function isFree(port: number, host: string): Promise<boolean> {
  const server = createServer();
  return new Promise((done) => {
    server.once('error', (error: NodeJS.ErrnoException) => done(error.code !== 'EADDRINUSE'));
    server.listen(port, host, () => server.close(() => done(true)));
  });
}

async function isKopek(url: string): Promise<boolean> {
  try {
    const answer = await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(ASK_TIMEOUT_MS) });
    const body = (await answer.json()) as { readonly status?: unknown };
    return body.status === 'alive' || body.status === 'ok';
  } catch {
    return false;
  }
}
