import { accountGroup, callbackUrlOf, genericExample, HOUSE_ENTITY, prepareHouse } from '#sms';
import type { House } from './house.ts';

/** A lender whose messages go through two providers and under the laws: what `npm start` shows of the SMS service. */
export const demoLender = {
  key: 'alfa',
  name: 'Alfa Finance',
  sender: 'Alfa',
  phone: '+7 495 123-45-67',
} as const;

/** Names of its providers, best first, and the contracts of the simulator that they speak. */
export const demoProviders = ['courier', 'relay'] as const;

const ACTOR = 'demo';
/** Under which the house writes where no operator of its own does. */
const HOUSE_SENDER = 'Kopek';
const RATE = 50;
const TOKEN = 'password-of-the-simulator';
const CALLBACK_SECRET = 'secret-of-the-simulator';
/** Where the simulator of SMS providers tells receipts and what customers write. */
export function demoCallbacks(publicUrl: string) {
  const [courier, relay] = demoProviders.map((name) => callbackUrlOf(publicUrl, name));
  return {
    'generic-http': { callbackUrl: courier ?? '', moUrl: courier ?? '' },
    smsc: { callbackUrl: relay ?? '', moUrl: relay ?? '' },
  };
}

/** Two accounts with the simulator, a lender that may use them, and what it is allowed: run again, it changes nothing. */
export async function fillSmsDemo(house: House, simulatorUrl: string): Promise<void> {
  const { bus, database, rules, smsAccounts } = house;
  const [courier, relay] = demoProviders;
  const common = { enabled: true, requestsPerSecond: RATE };
  const rates = { senderPerSecond: undefined, entityPerSecond: undefined };
  await bus.declare(demoProviders.map(accountGroup));
  await prepareHouse(house);
  await database.transaction(async (tx) => {
    await smsAccounts.save(
      tx,
      {
        ...{ ...common, ...rates, name: courier, kind: 'generic_http' },
        title: 'Courier (simulated, any HTTP contract)',
        settings: { ...genericExample, base_url: `${simulatorUrl}/generic-http` },
        secrets: { values: { token: TOKEN }, callback_secret: CALLBACK_SECRET },
      },
      ACTOR,
    );
    await smsAccounts.save(
      tx,
      {
        ...{ ...common, ...rates, name: relay, kind: 'smsc' },
        title: 'Relay (simulated, speaks as SMSC.ru)',
        settings: { base_url: `${simulatorUrl}/smsc`, login: 'kopek' },
        secrets: { password: TOKEN, callback_secret: CALLBACK_SECRET },
      },
      ACTOR,
    );
    await rules.saveEntity(
      tx,
      {
        ...{ key: demoLender.key, name: demoLender.name },
        settings: {
          ...{ names: [demoLender.sender], phone: demoLender.phone, zone: 'Europe/Moscow' },
          standardTime: { work: [['09:00', '21:00']], off: [['10:00', '19:00']] },
          switches: { 'std/transaction': 'exempt' },
        },
      },
      ACTOR,
    );
    for (const [rank, name] of demoProviders.entries()) {
      await rules.saveProvider(tx, { name, title: name, country: 'RU' }, ACTOR);
      const senders = [{ sender: demoLender.sender }];
      await rules.allowProvider(
        tx,
        { entity: demoLender.key, provider: name, senders, rank },
        ACTOR,
      );
      // What the house itself says goes to every number, and not only to those of its operators.
      await rules.allowProvider(
        tx,
        { entity: HOUSE_ENTITY, provider: name, senders: [{ sender: HOUSE_SENDER }], rank },
        ACTOR,
      );
    }
  });
  await Promise.all([smsAccounts.refresh(), rules.refresh()]);
}
