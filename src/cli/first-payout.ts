import { readFile } from 'node:fs/promises';

/** Where the partner asks, and with whose key. */
export interface FirstPayoutOptions {
  /** The beginning of the API's URLs, without a slash at its end. */
  readonly apiUrl: string;
  readonly keyFile: string;
  readonly clientId: string;
  readonly signal: AbortSignal;
}

const CALL_TIMEOUT_MS = 5000;

/** Asks for all that a partner has earned, as the partner's own system would: over HTTP. Throws when it is refused. */
export async function askForPayout(options: FirstPayoutOptions): Promise<void> {
  const { apiUrl, clientId, keyFile, signal } = options;
  const key = (await readFile(keyFile, 'utf8')).trim();
  const answer = await fetch(`${apiUrl}/v1/payout-requests`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ client_id: clientId, external_id: `${clientId} 1` }),
    signal: AbortSignal.any([signal, AbortSignal.timeout(CALL_TIMEOUT_MS)]),
  });
  if (!answer.ok) throw new Error(`/v1/payout-requests answered ${answer.status}`);
}
