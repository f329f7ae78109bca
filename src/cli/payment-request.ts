import { formatMoney } from '#money';
import { readPaymentRequest } from '#payments/intake';
import { maskMsisdn } from '#phone';
import { viewOf } from '#subscriptions/intake';
import type { Command } from './command.ts';
import { EXIT } from './exit.ts';
import { openRunningDatabase } from './running-database.ts';
import { mustReadConfig } from './settings.ts';

export const paymentRequest: Command = {
  usage: 'payment-request <payreq_…> [--json]',
  help: `What was asked for over the log \`payments\`, how far it has come, and what became of its money.

--json   one JSON document`,
  options: { json: { type: 'boolean' } },
  words: { least: 1, most: 1 },
  async run(call) {
    const [id = ''] = call.positionals;
    const { terminal, values } = call;
    const database = await openRunningDatabase(mustReadConfig(call), 'payment-request');
    try {
      const row = await readPaymentRequest(database.pool, id);
      if (!row) {
        terminal.err(`There is no payment request ${id}: saver has not seen it.`);
        return EXIT.failed;
      }
      const view = viewOf(row);
      if (values.json) {
        terminal.out(JSON.stringify(view));
        return EXIT.done;
      }
      const { amount_minor: amountMinor, currency } = row;
      const amount =
        amountMinor === null || currency === null ? '' : formatMoney({ amountMinor, currency });
      terminal.out(`\n  ${id}   ${view.kind} · ${view.plan} ${amount}`.trimEnd());
      const { duplicate_of: duplicateOf, payment, reason, subscription } = view;
      const facts = [
        ['Status', `${view.processing_status}, ${view.payment_status}`],
        ['User', `${view.user} · ${maskMsisdn(view.msisdn)}`],
        ['Reason', reason],
        ['Instead', duplicateOf],
        ['Payment', payment],
        ['Subscription', subscription],
        ['Asked', view.asked_at],
        ['Answered', view.processed_at],
        ['Told', view.completed_at],
      ] as const;
      for (const [name, value] of facts)
        if (value !== undefined)
          terminal.out(`  ${terminal.paint('quiet', name.padEnd(14))} ${value}`);
      return EXIT.done;
    } finally {
      await database.close();
    }
  },
};
