import { json, Problem, type Reply, readChoice, readMsisdn, readNumber } from '#simulators/kit';
import {
  joinParts,
  type Line,
  type Message,
  providerNames,
  type SmsCentre,
  states,
  type Whole,
} from '#simulators/sms-provider/centre';

/** A whole benchmark's ledger in few answers, yet no more text than a process can hold. */
const longestPage = 100_000;
const standardPage = 1_000;
const handsetsShown = 1_000;
const repetitionsShown = 1_000;

/** What handsets really received, in order. `after` is a sequence; `summary=1` tells repetitions only. */
export function showLedger({ ledger }: SmsCentre, query: URLSearchParams): Reply {
  if (query.get('summary') === '1') return json(200, summarise(ledger.received));
  const { after, limit, matches } = readQuery(query);
  const page: object[] = [];
  let place = after;
  for (; place < ledger.received.length && page.length < limit; place += 1) {
    const message = ledger.received[place] as Message;
    if (matches(message)) page.push({ ...toApi(message), sequence: place + 1 });
  }
  const next = place < ledger.received.length ? place : null;
  return json(200, { received: page, total: ledger.received.length, next_after: next });
}

/** Everything that was accepted, whatever became of it. */
export function showMessages({ ledger }: SmsCentre, query: URLSearchParams): Reply {
  const { after, limit, matches } = readQuery(query);
  const state = query.get('state');
  const wanted = state === null ? undefined : readChoice(state, states, 'state');
  const page: object[] = [];
  let last: number | null = null;
  for (const message of ledger.messages) {
    if (message.sequence <= after || !matches(message)) continue;
    if (wanted !== undefined && message.state !== wanted) continue;
    if (page.length === limit) {
      last = (page.at(-1) as { readonly sequence: number }).sequence;
      break;
    }
    page.push(toApi(message));
  }
  return json(200, { messages: page, total: ledger.messages.length, next_after: last });
}

export function showHandsets({ ledger }: SmsCentre): Reply {
  const { handsets } = ledger;
  return json(200, { handsets: handsets.slice(-handsetsShown).reverse(), total: handsets.length });
}

/** A handset's screen, both directions in order. */
export function showHandset({ ledger }: SmsCentre, msisdn: string, query: URLSearchParams): Reply {
  const { after, limit } = readQuery(query);
  const lines = ledger.linesOf(msisdn);
  const page = lines.filter(({ sequence }) => sequence > after).slice(0, limit);
  const received = lines.filter(({ direction }) => direction === 'in').length;
  return json(200, { msisdn, messages: page.map(lineToApi), received, total: lines.length });
}

function lineToApi(line: Line) {
  if (line.direction === 'in')
    return { direction: 'in', ...toApi(line.message), sequence: line.sequence };
  const { atMs, ...incoming } = line.incoming;
  return {
    direction: 'out',
    ...incoming,
    at: new Date(atMs).toISOString(),
    sequence: line.sequence,
  };
}

/** `at` is when the handset got it; null: it did not. */
function toApi(message: Message) {
  const { acceptedMs, clientId, code, from, part, parts, provider, providerId, receivedMs } =
    message;
  const date = (atMs: number | undefined) =>
    atMs === undefined ? null : new Date(atMs).toISOString();
  return {
    ...{ sequence: message.sequence, msisdn: message.to, provider, provider_id: providerId },
    ...{ client_id: clientId ?? null, from, text: message.text, parts, part: part ?? null },
    ...{ state: message.state, code: code ?? null, accepted_at: date(acceptedMs) },
    ...{ at: date(receivedMs), valid_until: date(message.validUntilMs) },
  };
}

function readQuery(query: URLSearchParams) {
  const read = (field: string, fallback: number, max: number) =>
    readNumber(query.get(field) ?? fallback, { field, min: 0, max });
  const provider = query.get('provider');
  const msisdn = query.get('msisdn');
  const [name, to] = [
    provider === null ? undefined : readChoice(provider, providerNames, 'provider'),
    msisdn === null ? undefined : readMsisdn(msisdn, 'msisdn'),
  ];
  const limit = read('limit', standardPage, longestPage);
  if (limit === 0) throw new Problem(400, 'limit is at least 1', 'limit');
  const matches = (message: Message) =>
    (name === undefined || message.provider === name) && (to === undefined || message.to === to);
  return { after: read('after', 0, 1e15), limit, matches };
}

/** Which handsets got the same text, or the same id of the caller, more than once. */
function summarise(received: readonly Message[]) {
  const wholes = joinParts(received);
  const complete = wholes.filter(({ isComplete }) => isComplete);
  const texts = Map.groupBy(complete, ({ messages, text }) => `${messages[0]?.to}\n${text}`);
  const withId = complete.filter(({ messages }) => messages[0]?.clientId !== undefined);
  const ids = Map.groupBy(withId, ({ messages: [first] }) => `${first?.to}\n${first?.clientId}`);
  const repeated = (groups: ReadonlyMap<string, readonly Whole[]>) =>
    [...groups.values()].filter((group) => group.length > 1);
  const [byText, byId] = [repeated(texts), repeated(ids)];
  return {
    ...{ received: received.length, wholes: complete.length },
    ...{ in_parts: wholes.length - complete.length, texts: texts.size },
    ...{ repeated_texts: byText.length, repeated_ids: byId.length },
    by_text: byText.slice(0, repetitionsShown).map(repetitionToApi),
    by_id: byId.slice(0, repetitionsShown).map(repetitionToApi),
  };
}

function repetitionToApi(group: readonly Whole[]) {
  const [first] = group.flatMap(({ messages }) => messages);
  const ids = group.flatMap(({ messages }) => messages.map(({ providerId }) => providerId));
  return {
    ...{ msisdn: first?.to, text: group[0]?.text, client_id: first?.clientId ?? null },
    ...{ count: group.length, provider_ids: ids },
  };
}
