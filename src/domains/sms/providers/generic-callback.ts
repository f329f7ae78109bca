import { createHash, createHmac } from 'node:crypto';
import type {
  CallbackReading,
  MobileOriginated,
  ProviderCallback,
  StatusReport,
} from '#sms/provider';
import { at, entryOf, happenedAt, isList, type Json } from './answer.ts';
import type { Account } from './contract.ts';
import { readPath, reasonOf, timeOf } from './generic-paths.ts';
import type { GenericSecrets, GenericSettings } from './generic-settings.ts';
import { fillText } from './template.ts';
import { fieldsOf, forged, headerOf, sameText, unreadable } from './verify.ts';

type GenericCallback = NonNullable<GenericSettings['callback']>;

const TOLERANCE_SECONDS = 300;
const ITEMS_MAX = 1000;

/** Reads a callback as the settings tell it: signed by HMAC over its body, with one status or message, or a list. */
export function readGenericCallback(
  callback: ProviderCallback,
  { secrets, settings }: Account<GenericSettings, GenericSecrets>,
  now: Date,
): CallbackReading {
  const told = settings.callback;
  if (!told || !isSigned(callback, told.signature, secrets.callback_secret, now)) {
    throw forged('this provider');
  }
  const fields = fieldsOf(callback);
  const listed = told.list_path === undefined ? fields : at(fields, ...told.list_path.split('.'));
  const items = isList(listed) ? listed : listed === undefined ? [] : [listed];
  if (items.length > ITEMS_MAX) throw unreadable('it has too many items');
  const { incoming } = told;
  const isIncoming = (item: Json) =>
    incoming !== undefined && readPath(item, incoming.when_path) === incoming.when_value;
  return {
    reports: items
      .filter((item) => !isIncoming(item))
      .flatMap((item) => toReport(item, settings, told)),
    incoming: incoming ? items.filter(isIncoming).map((item) => toIncoming(item, incoming)) : [],
    reply: {
      status: told.reply?.status ?? 200,
      body: told.reply?.body ?? '',
      contentType: told.reply?.content_type ?? 'text/plain',
    },
  };
}

function isSigned(
  callback: ProviderCallback,
  signature: GenericCallback['signature'],
  secret: string | undefined,
  now: Date,
): boolean {
  const given = headerOf(callback, signature.header);
  if (secret === undefined || given === undefined) return false;
  const { algorithm, encoding, prefix = '', timestamp_header: timestamp } = signature;
  if (timestamp !== undefined) {
    const seconds = Number(headerOf(callback, timestamp));
    const tolerance = signature.tolerance_seconds ?? TOLERANCE_SECONDS;
    if (!(Math.abs(now.getTime() / 1000 - seconds) <= tolerance)) return false;
  }
  const mac = createHmac(algorithm, secret);
  if (signature.before_body) mac.update(fillText(signature.before_body, headersOf(callback)));
  return sameText(given, prefix + mac.update(callback.body).digest(encoding));
}

function headersOf({ headers }: ProviderCallback): Readonly<Record<string, string | undefined>> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [`header:${name.toLowerCase()}`, value]),
  );
}

function toReport(
  item: Json,
  settings: GenericSettings,
  told: GenericCallback,
): readonly StatusReport[] {
  const id = readPath(item, told.id_path);
  const state = entryOf(settings.states ?? {}, readPath(item, told.state_path));
  if (id === undefined) throw unreadable(`it has no id at ${told.id_path}`);
  if (!state) return [];
  // What we gave is the id of an attempt: `sms_…-1`.
  const sms = readPath(item, told.our_id_path)?.replace(/-\d+$/, '');
  return [
    {
      ...{ providerMessageId: id, state, ...(sms === undefined ? {} : { sms }) },
      ...happenedAt(timeOf(readPath(item, told.time_path))),
      ...reasonOf(readPath(item, told.reason_path)),
    },
  ];
}

function toIncoming(item: Json, paths: NonNullable<GenericCallback['incoming']>): MobileOriginated {
  const from = readPath(item, paths.from_path);
  if (from === undefined) throw unreadable(`it names no sender at ${paths.from_path}`);
  const to = readPath(item, paths.to_path) ?? '';
  const text = readPath(item, paths.text_path) ?? '';
  const id =
    readPath(item, paths.id_path) ??
    createHash('sha256').update(JSON.stringify(item)).digest('hex');
  return { id, from: `+${from.replace(/^\+/, '')}`, to, text };
}
