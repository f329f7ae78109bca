import type { Clock } from '#clock';
import type { CardAnswer, CardCapabilities, CardGateway } from '#payments/card-gateway';
import { absent, createCardTalk, limitsOf } from '#payments/card-talk';
import type { ProcessingAccount } from './settings.ts';
import { readTransaction, type Transaction, toRequest } from './words.ts';

export { type ProcessingAccount, ProcessingSecrets, ProcessingSettings } from './settings.ts';

const OWN_URL = 'http://127.0.0.1:5001';

export interface ProcessingOptions {
  readonly name: string;
  readonly clock: Clock;
}

/** The service `processing` of payment intake: one call, and two answers. */
export function createProcessing(
  { settings }: ProcessingAccount,
  options: ProcessingOptions,
): CardGateway {
  const limits = limitsOf(settings, OWN_URL);
  const talk = createCardTalk({ ...options, ...limits, shown: [], secrets: [] });
  const refunds = settings.refunds ?? false;
  const inquiry = settings.inquiry ?? 'none';

  async function execute(
    transaction: Transaction,
    kind: 'charge' | 'refund' | 'inquiry',
  ): Promise<CardAnswer> {
    const { amountMinor, currency, payment } = transaction;
    const about = { kind, reference: payment, amountMinor, currency };
    const { entry, result } = await talk.ask(toRequest(transaction), about, (answer) =>
      readTransaction(answer, transaction),
    );
    return { result, log: [entry] };
  }

  const capabilities: CardCapabilities = {
    ...{ present: 'none', cryptogram: false, twoStage: false, savedCards: true },
    ...{ refund: refunds, partialRefund: refunds, check: false, notifications: 'none' },
    ...{ list: false, receipts: false, fiscal: 'none', disputes: 'none', inquiry },
    afterNotFound: 'sameId',
    // As long as it keeps its book, where it keeps one.
    idempotencyMs: inquiry === 'none' ? 0 : Number.MAX_SAFE_INTEGER,
  };
  return {
    ...{ name: options.name, capabilities, close: talk.close },
    longestMs: () => limits.longestMs(1),
    settleMs: () => limits.settleMs,
    ...{ present: absent, chargeCryptogram: absent, completeAuthentication: absent },
    chargeSaved: (order) =>
      order.twoStage ? absent() : execute({ ...order, type: 'payment' }, 'charge'),
    ...{ confirm: absent, void: absent },
    refund: (operation) =>
      refunds ? execute({ ...operation, type: 'refund' }, 'refund') : absent(),
    inquire({ kind, ...asked }) {
      return inquiry === 'none' ? absent() : execute({ ...asked, type: kind }, 'inquiry');
    },
  };
}
