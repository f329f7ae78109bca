import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AppError } from '#errors';
import type {
  CallbackReading,
  MobileOriginated,
  ProviderCallback,
  ReportedState,
  SmsOrder,
  SmsProvider,
} from '#sms/provider';
import type { SmsEnd } from './describe-inquiries.ts';

/** A callback as it came, and what the provider under test read in it. */
export interface HeardCallback {
  readonly callback: ProviderCallback;
  readonly reading: CallbackReading;
}

export interface CallbacksUnderTest {
  orderTo(end: SmsEnd | 'twice'): Promise<SmsOrder>;
  /** All that came for this message; resolves once one of them tells `state`, `times` at least. */
  heard(order: SmsOrder, state: ReportedState, times: number): Promise<readonly HeardCallback[]>;
  readonly told: Readonly<Record<Exclude<SmsEnd, 'stuck'>, ReportedState>>;
  /** Whether reports name our own id. */
  readonly naming: boolean;
  /** The same callback by somebody who does not know the secret, in every way that this contract allows. */
  forgeries(callback: ProviderCallback): readonly ProviderCallback[];
  /** A customer writes; resolves with what came of it. Absent where this contract brings nothing. */
  say?(text: string): Promise<{ readonly heard: MobileOriginated; readonly from: string }>;
}

interface CalledProvider {
  readonly provider: SmsProvider;
}

export function describeCallbacks(tested: CalledProvider, callbacks: CallbacksUnderTest): void {
  const { provider } = tested;

  async function push(end: SmsEnd | 'twice', state: ReportedState, times = 1) {
    const order = await callbacks.orderTo(end);
    const { result } = await provider.send(order);
    assert.ok(result.outcome === 'accepted', JSON.stringify(result));
    const heard = await callbacks.heard(order, state, times);
    const [id] = result.providerMessageIds;
    const reports = heard
      .flatMap(({ reading }) => reading.reports)
      .filter((report) => report.providerMessageId === id);
    return { order, heard, reports };
  }

  for (const [end, state] of Object.entries(callbacks.told)) {
    test(`that a message ends ${end} is pushed as ${state}`, async () => {
      const { order, reports } = await push(end as SmsEnd, state);
      const last = reports.find((report) => report.state === state);
      assert.ok(last);
      assert.equal(last.sms, callbacks.naming ? order.sms : undefined);
    });
  }

  test('a receipt that comes twice says the same twice', async () => {
    const { reports } = await push('twice', 'delivered', 2);
    const [first, second] = reports.filter(({ state }) => state === 'delivered');
    assert.deepEqual(first, second);
  });

  test('a forged receipt is refused, and a replayed one says nothing new', async () => {
    const { heard } = await push('delivered', 'delivered');
    for (const { callback, reading } of heard) {
      assert.deepEqual(read(provider, callback), reading);
      const forgeries = callbacks.forgeries(callback);
      assert.ok(forgeries.length >= 3);
      for (const forgery of forgeries) assertRefused(provider, forgery);
    }
  });

  test('what is no callback at all is refused without a word on why', () => {
    for (const body of ['', '{', '[]', 'null', 'a=b', '\u0000', '%']) {
      for (const url of ['https://kopek.test/x', 'https://kopek.test/x?sms=1&key=&seal=']) {
        const callback = { method: 'POST', url, headers: {}, body: Buffer.from(body) };
        const read = readOrError(provider, callback);
        if ('error' in read) assert.ok(['forbidden', 'invalid'].includes(read.error.kind));
        else assert.deepEqual([read.reading.reports, read.reading.incoming], [[], []]);
      }
    }
  });

  const { say } = callbacks;
  if (say) {
    test('what a customer writes comes letter by letter', async () => {
      for (const text of ['STOP', 'СТОП 🎵 "&+=\n2']) {
        const { from, heard } = await say(text);
        assert.deepEqual([heard.from, heard.text], [from, text]);
        assert.ok(heard.id !== '');
      }
    });
  }
}

function read(provider: SmsProvider, callback: ProviderCallback): CallbackReading {
  assert.ok(provider.readCallback);
  return provider.readCallback(callback);
}

function readOrError(
  provider: SmsProvider,
  callback: ProviderCallback,
): { readonly reading: CallbackReading } | { readonly error: AppError } {
  try {
    return { reading: read(provider, callback) };
  } catch (error) {
    assert.ok(error instanceof AppError, String(error));
    return { error };
  }
}

function assertRefused(provider: SmsProvider, callback: ProviderCallback): void {
  const outcome = readOrError(provider, callback);
  const shown = `${callback.url} ${callback.body}`;
  assert.ok('error' in outcome, `${shown} was believed`);
  assert.equal(outcome.error.kind, 'forbidden', shown);
}
