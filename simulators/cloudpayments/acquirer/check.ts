import type { Acquirer, Site } from './acquirer.ts';
import { checkFields } from './news.ts';
import type { PostAnswer } from './post.ts';
import type { Transaction } from './records.ts';

const reasonOfCode: Readonly<Record<number, number>> = {
  ...{ 0: 0, 10: 3001, 11: 3002, 12: 3003, 13: 3008, 20: 3004 },
};

/** Asks the merchant once before anything is authorised: 0 where it may go on, else the reason to decline it. */
export async function askMerchant(
  acquirer: Acquirer,
  site: Site,
  transaction: Transaction,
): Promise<number> {
  const address = acquirer.addressOf(site, 'Check');
  if (!address.IsEnabled) return 0;
  const answer = await acquirer.notifier.postman.post({
    ...{ address, fields: checkFields(transaction), secret: site.settings.apiSecret },
    ...{ body: site.settings.body, timeoutMs: acquirer.settings.checkTimeoutMs },
  });
  const reason = reasonOf(answer);
  acquirer.count('notification', `Check ${reason === 0 ? 'taken' : 'not-taken'}`);
  return reason;
}

function reasonOf(answer: PostAnswer): number {
  switch (answer.outcome) {
    case 'said':
      return reasonOfCode[answer.code] ?? 3005;
    case 'unreadable':
      return 3005;
    case 'no-answer':
      return 3006;
    case 'no-connection':
      return 3007;
  }
}
