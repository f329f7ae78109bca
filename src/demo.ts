import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createApiKey } from '#auth';
import type { Operator } from '#operators';
import type { House } from './house.ts';

export { demoShop } from './demo-cards.ts';
export { demoLender } from './demo-sms.ts';

/** What a newcomer finds: one operator, two services, three campaigns, an API key. */

export const demoOperator: Operator = {
  name: 'mobilink',
  title: 'Mobilink (simulated)',
  plan: {
    countryCode: '92',
    trunkPrefix: '0',
    digits: 12,
    // 9230 is the operator's; 9287 serves the number of an example that is known from elsewhere.
    prefixes: ['9230', '9287'],
  },
  msisdnFormat: 'international',
  timeZone: 'Asia/Karachi',
  currency: 'PKR',
  shortCode: '7787',
  baseUrl: 'http://127.0.0.1:50306',
  requestsPerSecond: 15,
  timeoutMs: 20_000,
  inquiry: 'byOurId',
  settleMs: 60_000,
  refunds: true,
  msisdnHeader: 'x-msisdn',
  queryMsisdn: true,
  addressRanges: ['127.0.0.0/8', '::1/128'],
};

/** Whose music and horoscopes they are: `kopek follow --client demo` tells its story. */
export const demoPartner = 'demo';
const SHARES = { partner: 4000, operator: 3000, tax: 1500 };

const ALL_DAY = { fromMinute: 0, toMinute: 1440 };
const DAYTIME = { fromMinute: 8 * 60, toMinute: 21 * 60 };

const texts = {
  welcome: '{title}: {price}. Stop: STOP to 7787 or {stop}',
  content: 'Your link: %s',
  failed: '{title}: there was not enough money. We will try again.',
  unsubscribed: '{title} has ended. Nothing more will be charged.',
  ended: '{title} has ended, since it was not paid.',
  rejected: 'You have {title} already.',
  blacklisted: 'This number can not subscribe.',
  postpaid: '{title} is for prepaid numbers only.',
};

const services = [
  {
    serviceCode: 'music',
    title: 'Music',
    priceMinor: 500n,
    period: 'daily',
    chargeWindow: ALL_DAY,
    retryAfterMinutes: [60, 240, 720],
    items: [
      ['Morning raga', 'A calm beginning of the day, twelve minutes.'],
      ['City drums', 'Rhythms from the streets of Lahore.'],
      ['Evening strings', 'Sitar and sarod, recorded live.'],
    ],
  },
  {
    serviceCode: 'horoscope',
    title: 'Horoscope',
    priceMinor: 2500n,
    period: 'weekly',
    chargeWindow: DAYTIME,
    retryAfterMinutes: [360, 1440, 2880],
    items: [['Your week', 'What the stars say about the next seven days.']],
  },
] as const;

const campaigns = [
  { link: 'demo', serviceCode: 'music', title: 'Demo' },
  { link: 'cpm.k.ak0', serviceCode: 'music', title: 'Known link' },
  { link: 'weekly', serviceCode: 'horoscope', title: 'Weekly' },
] as const;

const KEY_SCOPES = [
  ...['subscriptions:read', 'subscriptions:write', 'timeline:read'],
  ...['ledger:read', 'ledger:write', 'payments:read', 'payments:refund', 'payments:write'],
  ...['payments:admin', 'cards:read', 'cards:write'],
  ...['payouts:request', 'payouts:read', 'payouts:write'],
  ...['sms:send', 'sms:read', 'sms:admin', 'sender:send', 'rules:read', 'rules:write'],
  ...['webhooks:read', 'webhooks:write'],
];
const OWNER_ONLY = 0o600;

/** The demo's operator stands where the simulator listens now. */
export async function saveDemoOperator(house: House, baseUrl: string): Promise<void> {
  await house.database.transaction((tx) => house.operators.save(tx, { ...demoOperator, baseUrl }));
  await house.operators.refresh();
}

/** Fills an empty database; answers the file in which the key lies. */
export async function fillDemo(house: House): Promise<string> {
  const { acquisition, clock, config, content, database, ledger, subscriptions } = house;
  for (const { items, ...service } of services) {
    await database.transaction((tx) =>
      subscriptions.addTerms(tx, {
        ...service,
        ...{ operator: demoOperator.name, currency: demoOperator.currency, texts },
        ...{ keepDays: 10, recentHours: 0 },
      }),
    );
    await database.transaction((tx) =>
      ledger.contracts.add(tx, {
        ...{ service: service.serviceCode, operator: demoOperator.name, validFrom: clock.now() },
        partners: [{ clientId: demoPartner, basisPoints: SHARES.partner }],
        ...{ operatorBasisPoints: SHARES.operator, taxBasisPoints: SHARES.tax },
      }),
    );
    await content.addItems(
      items.map(([title, body]) => ({ service: service.serviceCode, title, body })),
    );
  }
  for (const campaign of campaigns) {
    await acquisition.createCampaign({
      ...campaign,
      operator: demoOperator.name,
      ...campaignTexts[campaign.serviceCode],
    });
  }
  const { text } = await createApiKey(database, {
    name: 'demo',
    scopes: KEY_SCOPES,
    now: clock.now(),
  });
  const file = join(config.dataDir, 'demo-key');
  await mkdir(config.dataDir, { recursive: true });
  await writeFile(file, `${text}\n`, { mode: OWNER_ONLY });
  await chmod(file, OWNER_ONLY);
  return file;
}

const TERMS = {
  en: 'For prepaid numbers of Mobilink. The permission of the bill payer is needed.',
  ru: 'Для номеров Mobilink с предоплатой. Нужно согласие того, кто платит за связь.',
} as const;

const campaignTexts = {
  music: {
    texts: {
      headline: 'New music every day',
      description: 'One new recording a day, straight to your phone.',
      ...{ button: 'Subscribe', terms: TERMS.en },
    },
    translations: {
      ru: {
        headline: 'Новая музыка каждый день',
        description: 'Одна новая запись в день, прямо на телефон.',
        ...{ button: 'Подписаться', terms: TERMS.ru },
      },
    },
  },
  horoscope: {
    texts: {
      headline: 'Your week in the stars',
      description: 'A personal horoscope every week, straight to your phone.',
      ...{ button: 'Subscribe', terms: TERMS.en },
    },
    translations: {
      ru: {
        headline: 'Ваша неделя по звёздам',
        description: 'Личный гороскоп каждую неделю, прямо на телефон.',
        ...{ button: 'Подписаться', terms: TERMS.ru },
      },
    },
  },
} as const;
