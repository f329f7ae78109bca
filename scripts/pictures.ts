// `npm run pictures [-- <site> <sms simulator>]`: the pictures of the documentation, taken of a house that runs (`npm start`).
import { join } from 'node:path';
import { type BrowserContext, chromium, type Page } from 'playwright-core';

const [SITE = 'http://localhost:50300', SMS = 'http://localhost:50318'] = process.argv
  .slice(2)
  .filter((word) => !word.startsWith('--'));
const FOLDER = join(import.meta.dirname, '..', 'docs', 'concepts');
/** The simulator's card whose bank asks who is there. */
const CARD = { number: '4242424242424242', expires: '12/39', cvv: '123' };
const PHONE = { width: 390, height: 844 };
const PATIENCE_MS = 60_000;

const HELP = `npm run pictures [-- <site> <sms simulator>]

  Takes the pictures of docs/concepts/client-admin.md of a house that runs.
  Unless told: ${SITE} and ${SMS}. KOPEK_CHROMIUM names the browser.
`;

if (process.argv.includes('--help')) console.log(HELP);
else await takePictures();

async function takePictures(): Promise<void> {
  const executablePath = process.env.KOPEK_CHROMIUM ?? '/usr/bin/chromium';
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  try {
    // A number of its own each time: nobody buys the same plan twice.
    const msisdn = `+7916${String(Date.now()).slice(-7)}`;
    const context = await browser.newContext({ viewport: PHONE, locale: 'en' });
    context.setDefaultTimeout(PATIENCE_MS);
    const page = await context.newPage();
    await buy(page, msisdn);
    await signIn(page, msisdn);
    await lookAround(page, context);
  } finally {
    await browser.close();
  }
}

async function buy(page: Page, msisdn: string): Promise<void> {
  await page.goto(`${SITE}/shop`);
  await page.locator('section', { hasText: 'Radio' }).getByRole('button').click();
  await page.fill('#number', msisdn);
  await page.click('button.main');
  await page.check('input[type=checkbox]');
  await take(page, 'order');
  await page.click('button.main');
  const form = page.frameLocator('iframe');
  for (const [name, value] of Object.entries(CARD))
    await form.locator(`[name=${name}]`).fill(value);
  await form.locator('[data-pay]').click();
  await form.frameLocator('iframe').getByRole('button').first().click();
  await form.locator('.outcome [data-close]').click();
  await page.locator('.mark.ok').waitFor();
}

async function signIn(page: Page, msisdn: string): Promise<void> {
  await page.goto(`${SITE}/me`);
  await page.fill('#number', msisdn);
  await page.click('button.main');
  await page.locator('#pin').fill(await readPin(page, msisdn));
  await page.click('button.main');
  await page.locator('.price').first().waitFor();
}

/** What the simulated handset has got. */
async function readPin(page: Page, msisdn: string): Promise<string> {
  for (let waitedMs = 0; waitedMs < PATIENCE_MS; waitedMs += 1000) {
    const answer = await fetch(`${SMS}/ledger?msisdn=${encodeURIComponent(msisdn)}`);
    const { received } = (await answer.json()) as { received: readonly { text: string }[] };
    const pin = received.map(({ text }) => /^(\d{5}) /.exec(text)?.[1]).find(Boolean);
    if (pin) return pin;
    await page.waitForTimeout(1000);
  }
  throw new Error(`no PIN came to ${msisdn}: does the simulator of SMS providers run at ${SMS}?`);
}

async function lookAround(page: Page, context: BrowserContext): Promise<void> {
  const subscription = await page.locator('.actions a').first().getAttribute('href');
  await page.goto(`${SITE}${subscription}/cancel`);
  await take(page, 'cancel');
  await page.goto(`${SITE}/me/payments`);
  await page.locator('a.line').first().click();
  await page.locator('.sum').waitFor();
  await take(page, 'receipt');
  await context.addCookies([{ name: 'kopek_locale', value: 'ru', url: SITE }]);
  await page.goto(`${SITE}${subscription}`);
  await take(page, 'subscription');
}

async function take(page: Page, name: string): Promise<void> {
  const path = join(FOLDER, `client-admin-${name}.png`);
  await page.screenshot({ path, fullPage: true });
  console.log(path);
}
