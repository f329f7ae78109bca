import {
  type Fields,
  json,
  Problem,
  type Reply,
  readChoice,
  readMsisdn,
  readNumber,
  readShare,
  readText,
  refuseUnknown,
  type TextRule,
} from '#simulators/kit';
import {
  changeSettings,
  endings,
  type ProviderName,
  providerNames,
  type Scenario,
  type SmsCentre,
  scenarioLimit,
  scenarioNames,
  unheardLimit,
} from '#simulators/sms-provider/centre';

const maxTimes = 10_000_000;
const maxDelayMs = 7 * 24 * 3_600_000;
const maxOffsetMs = 50 * 365 * 24 * 3_600_000;
const maxSaidLength = 2_000;
const maxSenderLength = 40;

export function addScenario(centre: SmsCentre, fields: Fields): Reply {
  refuseUnknown(fields, ['name', 'provider', 'msisdn', 'times', 'probability', 'delayMs', 'code']);
  const { code, delayMs, msisdn, name, probability, provider, times } = fields;
  const bounds = (field: string, min: number, max: number) => ({ field, min, max });
  const scenario: Scenario = {
    name: readChoice(name, scenarioNames, 'name'),
    ...(provider === undefined
      ? {}
      : { provider: readChoice(provider, providerNames, 'provider') }),
    ...(msisdn === undefined ? {} : { msisdn: readMsisdn(msisdn, 'msisdn') }),
    ...(times === undefined ? {} : { times: readNumber(times, bounds('times', 1, maxTimes)) }),
    ...(probability === undefined ? {} : { probability: readShare(probability, 'probability') }),
    ...(delayMs === undefined
      ? {}
      : { delayMs: readNumber(delayMs, bounds('delayMs', 0, maxDelayMs)) }),
    ...(code === undefined ? {} : { code: readText(String(code), textOf('code', 100)) }),
  };
  if (centre.board.size >= scenarioLimit) {
    throw new Problem(400, `At most ${scenarioLimit} scenarios at a time`, 'name');
  }
  centre.board.add(scenario);
  return json(201, scenario);
}

export function listScenarios(centre: SmsCentre): Reply {
  return json(200, { scenarios: centre.board.list(), names: scenarioNames, endings });
}

/** `all` changes every provider alike. */
export function putSettings(centre: SmsCentre, name: string, fields: Fields): Reply {
  if (name === 'all') {
    const changed = providerNames.map(
      (one) => [one, changeSettings(centre.settingsOf(one), fields)] as const,
    );
    for (const [one, settings] of changed) centre.changeSettings(one, settings);
    return json(200, Object.fromEntries(changed));
  }
  const provider = readChoice(name, providerNames, 'provider');
  const settings = changeSettings(centre.settingsOf(provider), fields);
  if (Object.keys(fields).length > 0) centre.changeSettings(provider, settings);
  return json(200, { ...settings, balanceMinor: centre.balanceOf(provider) ?? null });
}

export function showClock(centre: SmsCentre): Reply {
  return json(200, { offsetMs: centre.offsetMs, now: new Date(centre.nowMs()).toISOString() });
}

/** To a moment, by so much, or so far from the real time. What is due by then happens before the answer. */
export function moveClock(centre: SmsCentre, fields: Fields): Reply {
  refuseUnknown(fields, ['now', 'advanceMs', 'offsetMs']);
  const { advanceMs, now, offsetMs } = fields;
  const read = (value: unknown, field: string) =>
    readNumber(value, { field, min: -maxOffsetMs, max: maxOffsetMs });
  if (now !== undefined) {
    const atMs = Date.parse(readText(now, textOf('now', 40)));
    if (Number.isNaN(atMs)) throw new Problem(400, 'now is a moment (ISO 8601)', 'now');
    centre.moveClock(atMs - Date.now());
  } else if (advanceMs !== undefined) {
    centre.moveClock(centre.offsetMs + read(advanceMs, 'advanceMs'));
  } else centre.moveClock(read(offsetMs, 'offsetMs'));
  return showClock(centre);
}

export function deliverNow(centre: SmsCentre): Reply {
  return json(200, { delivered: centre.receipts.deliverNow() });
}

export async function reset(centre: SmsCentre): Promise<Reply> {
  await centre.reset();
  return json(200, { status: 'reset' });
}

/** A handset's owner writes. Answered when it is on record; the platform may hear of it later. */
export function say(centre: SmsCentre, msisdn: string, fields: Fields): Reply {
  refuseUnknown(fields, ['to', 'text', 'provider']);
  const text = readText(fields.text, { field: 'text', maxLength: maxSaidLength });
  const to = readText(fields.to ?? '', textOf('to', maxSenderLength)).replace(/^\+/, '');
  const provider = chooseProvider(centre, msisdn, to, fields.provider);
  if (!centre.speakers.canSpeak(provider)) {
    throw new Problem(409, `${provider} brings no incoming messages`, 'provider');
  }
  if (centre.ledger.unheard.length >= unheardLimit) {
    throw new Problem(503, 'Too many messages wait for somebody to take them');
  }
  const answered = lastSender(centre, msisdn);
  const said = {
    provider,
    from: msisdn,
    to: to || (answered?.from.replace(/^\+/, '') ?? ''),
    text,
  };
  const incoming = centre.ledger.say({ ...said, atMs: centre.nowMs() });
  // Not before it is written: a crash must not leave the platform with a message that nobody sent.
  centre.ledger.whenWritten((failure) => failure === undefined && centre.speakers.bring(incoming));
  return json(200, { ...incoming, at: new Date(incoming.atMs).toISOString() });
}

function textOf(field: string, maxLength: number): TextRule {
  return { field, maxLength, mayBeEmpty: true };
}

/** The provider that is named; or the one that last brought a message from there; or any that has an address. */
function chooseProvider(
  centre: SmsCentre,
  msisdn: string,
  to: string,
  named: unknown,
): ProviderName {
  if (named !== undefined && named !== '') return readChoice(named, providerNames, 'provider');
  const answered = lastSender(centre, msisdn, to);
  if (answered && centre.speakers.canSpeak(answered.provider)) return answered.provider;
  const able = providerNames.filter((name) => centre.speakers.canSpeak(name));
  const found = able.find((name) => centre.settingsOf(name).moUrl !== '') ?? able[0];
  if (found === undefined)
    throw new Problem(409, 'No provider brings incoming messages', 'provider');
  return found;
}

function lastSender(centre: SmsCentre, msisdn: string, from?: string) {
  const line = centre.ledger
    .linesOf(msisdn)
    .findLast(
      (one) => one.direction === 'in' && (!from || one.message.from.replace(/^\+/, '') === from),
    );
  return line?.direction === 'in' ? line.message : undefined;
}
