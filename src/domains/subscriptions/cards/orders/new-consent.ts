import type { Tx } from '#database';
import { must } from '#errors';
import type { CardContext } from '#subscriptions/cards/card-context';
import { writeConsents } from '#subscriptions/record-consent';
import type { StartConsent } from './order.ts';

/**
 * A new yes of who is subscribed already, chained to his others: to another way of paying, or to another price. It begins nothing, so a
 * plan that is closed to newcomers is no reason to refuse it, and a version that is not the newest is none either. Answers `con_…`.
 */
export async function writeNewConsent(
  { catalogue, ...context }: CardContext,
  tx: Tx,
  given: {
    readonly msisdn: string;
    readonly code: string;
    readonly terms: { readonly serviceId: number; readonly version: number };
    readonly locale: string;
    /** The command that it is for: one yes each. */
    readonly visit: string;
    readonly consent: StartConsent;
  },
): Promise<string> {
  const { code, consent, locale, msisdn, terms, visit } = given;
  const { serviceId, version } = terms;
  const found = (await catalogue.versions(tx, [terms]))(serviceId, version);
  const asShown = { ...catalogue, newest: async () => ({ ...found, open: true }) };
  const { results } = await writeConsents({ ...context, catalogue: asShown }, tx, [
    {
      ...{ ...consent, msisdn, serviceCode: code, termsVersion: version, locale, visit },
      attribution: { campaign: consent.method },
    },
  ]);
  const [result] = results;
  must(result, 'a consent was written down');
  return result.consent;
}
