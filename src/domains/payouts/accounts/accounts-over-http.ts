import { Pool } from 'undici';
import { AppError, messageOf } from '#errors';
import { fail } from '#payouts/errors';
import type { AccountSystem, MoveOrder, PayoutAccount } from './account-system.ts';
import {
  readAccount,
  readAccountPage,
  readDebit,
  readFacts,
  readProblem,
  type WireAccount,
} from './accounts-wire.ts';
import { ACCOUNTS_MAX, ACCOUNTS_PAGE, kindOf, ROUTES, type StageType } from './movement.ts';

export interface AccountsOverHttp extends AccountSystem {
  close(): Promise<void>;
}

export interface AccountsOverHttpOptions {
  /** Where `kopek serve accounts` listens: http://host:50301 */
  readonly url: string;
  /** An API key with the scopes ledger:read and ledger:write. */
  readonly key: string;
  readonly timeoutMs?: number;
}

/** The gates make at most 16 calls at once each. */
const CONNECTIONS = 32;
const CONNECT_TIMEOUT_MS = 3000;
/** Less than the gates wait for a call, so that they hear the reason. */
const TIMEOUT_MS = 4000;
/** A page of accounts takes some hundred bytes for each; an answer without end must not take our memory. */
const RESPONSE_BYTES_MAX = 4_000_000;
const STAGES_REMEMBERED_MAX = 50_000;

/** The system of accounts as a process of its own, by its API. */
export function createAccountsOverHttp(options: AccountsOverHttpOptions): AccountsOverHttp {
  const client = createClient(options);
  // Names and ids of accounts never change.
  const stages = new Map<string, string>();

  async function openStage(type: StageType, of: PayoutAccount): Promise<string> {
    const { currency } = of;
    const name =
      type === 'clearing'
        ? { type, currency }
        : { type, client_id: of.clientId, currency, label: of.label };
    const key = JSON.stringify(name);
    const known = stages.get(key);
    if (known !== undefined) return known;
    const { account } = readAccount(await client.post('/v1/accounts', name));
    if (stages.size >= STAGES_REMEMBERED_MAX) stages.clear();
    stages.set(key, account);
    return account;
  }

  const known = new Map<string, WireAccount>();

  /** The payout account itself, which must be there: it is never opened from here. */
  async function mustKnow({ account, clientId, currency }: MoveOrder['account']) {
    const found = known.get(account) ?? (await findAccount(client, account));
    if (found) {
      if (known.size >= STAGES_REMEMBERED_MAX) known.clear();
      known.set(account, found);
    }
    if (found?.type === 'payout' && found.clientId === clientId && found.currency === currency)
      return found;
    throw fail(
      'account_unknown',
      `${account} is no payout account of ${clientId} in ${currency}.`,
      { faults: [{ field: 'account', message: 'must be a payout account of the client' }] },
    );
  }

  return {
    payoutAccounts: (clientId) => listPayoutAccounts(client, clientId),
    async move(order) {
      const payout = await mustKnow(order.account);
      const idOf = (type: StageType) =>
        type === 'payout' ? payout.account : openStage(type, payout);
      const { from, to } = ROUTES[order.movement];
      return move(client, order, { from: await idOf(from), to: await idOf(to) });
    },
    async takeCash({ account, amountMinor, payout: holder }) {
      const body = { account, holder, amount_minor: Number(amountMinor) };
      const text = await client.post('/v1/cash-facts/take', body).catch((error: unknown) => {
        if (refusedWith(error) !== 'holder_conflict') throw error;
        throw fail('movement_conflict', `${holder} has asked for other cash facts before.`);
      });
      return readFacts(text);
    },
    async returnCash(holder) {
      await client.post('/v1/cash-facts/return', { holder });
    },
    close: () => client.close(),
  };
}

async function listPayoutAccounts(
  client: Client,
  clientId: string,
): Promise<readonly PayoutAccount[]> {
  const found: PayoutAccount[] = [];
  let cursor: string | undefined;
  do {
    const query = new URLSearchParams({ client_id: clientId, type: 'payout' });
    query.set('limit', String(ACCOUNTS_PAGE));
    if (cursor !== undefined) query.set('cursor', cursor);
    const page = readAccountPage(await client.get(`/v1/accounts?${query}`));
    for (const { type, ...account } of page.accounts) {
      // Somebody else's money would be paid out.
      if (type !== 'payout' || account.clientId !== clientId) {
        const message = `Asked for payout accounts of ${clientId}, it answers others.`;
        throw fail('accounts_refused', message);
      }
      found.push(account);
    }
    if (found.length > ACCOUNTS_MAX) {
      throw fail('accounts_too_many', `The client has more than ${ACCOUNTS_MAX} payout accounts.`);
    }
    cursor = page.next;
  } while (cursor !== undefined);
  return found;
}

async function findAccount(client: Client, account: string): Promise<WireAccount | undefined> {
  try {
    return readAccount(await client.get(`/v1/accounts/${encodeURIComponent(account)}`));
  } catch (error) {
    if (error instanceof AppError && error.code === 'account_unknown') return undefined;
    throw error;
  }
}

async function move(
  client: Client,
  order: MoveOrder,
  { from, to }: { readonly from: string; readonly to: string },
): ReturnType<AccountSystem['move']> {
  const { amountMinor, movement, reference, transferId } = order;
  // Larger ones than a number holds exactly are refused there anyway.
  const amount = Number(amountMinor);
  const transfer = {
    ...{ id: transferId, kind: kindOf(movement), reference },
    lines: [
      { account: from, debit_minor: amount },
      { account: to, credit_minor: amount },
    ],
    ...(movement === 'reserve' && { up_to: true }),
    ...(movement === 'settle' && { fact: true }),
  };
  try {
    const text = await client.post('/v1/transfers', { transfers: [transfer] });
    if (movement !== 'reserve') return { outcome: 'moved', amountMinor };
    return {
      outcome: 'moved',
      amountMinor: readDebit(text, { transfer: transferId, account: from }),
    };
  } catch (error) {
    const reason = refusedWith(error);
    if (reason === 'balance_too_low' && movement === 'reserve') return { outcome: 'empty' };
    if (reason === 'balance_too_low') {
      throw fail('movement_refused', `${movement} of ${reference}: its account holds less.`);
    }
    if (reason === 'transfer_conflict') {
      throw fail('movement_conflict', `${transferId} stands for another transfer.`);
    }
    throw error;
  }
}

/** The code of the refusal that the system of accounts has answered, if that is what it is. */
function refusedWith(error: unknown): unknown {
  return error instanceof AppError ? error.details.code : undefined;
}

interface Client {
  /** Answers the body of a success. Throws `accounts_unavailable`, or `accounts_refused` with the refusal's code. */
  get(path: string): Promise<string>;
  post(path: string, body: unknown): Promise<string>;
  close(): Promise<void>;
}

function createClient(options: AccountsOverHttpOptions): Client {
  const { key, timeoutMs = TIMEOUT_MS } = options;
  const { origin, pathname } = new URL(options.url);
  const base = pathname.replace(/\/+$/, '');
  const pool = new Pool(origin, {
    ...{ connections: CONNECTIONS, connectTimeout: Math.min(CONNECT_TIMEOUT_MS, timeoutMs) },
    maxResponseSize: RESPONSE_BYTES_MAX,
  });

  async function send(method: 'GET' | 'POST', path: string, body?: unknown): Promise<string> {
    const answer = await call(method, path, body).catch((error: unknown) => {
      throw fail('accounts_unavailable', `The system of accounts: ${messageOf(error)}`, {
        cause: error,
      });
    });
    if (answer.status >= 200 && answer.status < 300) return answer.text;
    throw refusalOf(answer);
  }

  async function call(method: 'GET' | 'POST', path: string, body: unknown) {
    const answer = await pool.request({
      ...{ method, path: `${base}${path}` },
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: body === undefined ? null : JSON.stringify(body),
      // Of the whole call: an answer that drips for ever would never run into the others.
      signal: AbortSignal.timeout(timeoutMs),
    });
    return { status: answer.statusCode, text: await answer.body.text() };
  }

  return {
    get: (path) => send('GET', path),
    post: (path, body) => send('POST', path, body),
    close: () => pool.destroy(),
  };
}

/** A key or an address that is not known there is a fault of our settings: nobody's request is to fail for it. */
const NOT_OF_THE_CALL = new Set([401, 403, 404, 408, 429]);

function refusalOf({ status, text }: { readonly status: number; readonly text: string }): Error {
  const { code, detail } = readProblem(text);
  const said = detail || `status ${status}`;
  const details = { code, status };
  if (code === 'account_unknown') return fail('account_unknown', said, { details });
  if (status >= 500 || status < 400 || NOT_OF_THE_CALL.has(status)) {
    return fail('accounts_unavailable', `The system of accounts: ${said}`, { details });
  }
  return fail('accounts_refused', `The system of accounts refuses it: ${said}`, { details });
}
