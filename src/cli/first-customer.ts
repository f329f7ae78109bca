import { setTimeout as pause } from 'node:timers/promises';
import { findForm } from './html-form.ts';

/** Where the first customer goes: real pages over real HTTP, nothing else. */
export interface FirstCustomerOptions {
  /** The landing page. */
  readonly landingUrl: string;
  /** The operator's simulator: there the customer reads the phone. */
  readonly simulatorUrl: string;
  /** As a person types it. */
  readonly number: string;
  /** As the simulator's phone is called: digits with the country code. */
  readonly phone: string;
  readonly signal: AbortSignal;
}

const CALL_TIMEOUT_MS = 5000;
const PIN_PATIENCE_MS = 10_000;
const PIN_POLL_INTERVAL_MS = 50;
/** Long enough to be seen as a person, short enough for whoever watches. */
const READING_MS = 400;

/** Walks from the landing page over the PIN to the end of the order, as a person would. Throws when lost. */
export async function letCustomerSubscribe(options: FirstCustomerOptions): Promise<void> {
  const landing = await show(options.landingUrl, options);
  await pause(READING_MS, undefined, { signal: options.signal });
  const heard = await readPhone(options);
  const asked = await submit(landing, 'msisdn', options.number, options);
  const pin = await waitForPin(heard.length, options);
  await pause(READING_MS, undefined, { signal: options.signal });
  await submit(asked, 'pin', pin, options);
}

interface ShownPage {
  readonly url: string;
  readonly text: string;
}

async function show(
  url: string,
  { signal }: FirstCustomerOptions,
  form?: URLSearchParams,
): Promise<ShownPage> {
  const answer = await fetch(url, {
    ...(form ? { method: 'POST', body: form } : {}),
    headers: { 'user-agent': 'Mozilla/5.0 (Linux; Android 14) Kopek-first-customer/1' },
    signal: AbortSignal.any([signal, AbortSignal.timeout(CALL_TIMEOUT_MS)]),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${new URL(url).pathname} answered ${answer.status}`);
  return { url: answer.url, text };
}

async function submit(
  page: ShownPage,
  field: string,
  value: string,
  options: FirstCustomerOptions,
): Promise<ShownPage> {
  const form = findForm(page.text, field);
  if (!form) throw new Error(`${new URL(page.url).pathname} has no form that asks for ${field}`);
  const filled = new URLSearchParams({ ...form.fields, [field]: value });
  return show(new URL(form.action, page.url).href, options, filled);
}

async function readPhone(options: FirstCustomerOptions): Promise<readonly string[]> {
  const url = new URL(`/messages?msisdn=${options.phone}`, options.simulatorUrl).href;
  const { messages } = JSON.parse((await show(url, options)).text) as {
    messages: readonly { readonly direction: string; readonly text: string }[];
  };
  return messages.filter(({ direction }) => direction === 'mt').map(({ text }) => text);
}

async function waitForPin(heard: number, options: FirstCustomerOptions): Promise<string> {
  const endMs = performance.now() + PIN_PATIENCE_MS;
  while (performance.now() < endMs) {
    const [message] = (await readPhone(options)).slice(heard);
    const pin = message && /(?<!\d)\d{4,8}(?!\d)/.exec(message)?.[0];
    if (pin) return pin;
    await pause(PIN_POLL_INTERVAL_MS, undefined, { signal: options.signal });
  }
  throw new Error('no PIN came on the phone');
}
