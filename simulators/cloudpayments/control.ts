import {
  type Acquirer,
  behaviours,
  changeSettings,
  changeSite,
  cryptogramOf,
  type Facts,
  isReasonCode,
  parseAmount,
  readCryptogram,
  type Scenario,
  type Site,
  scenarioLimit,
  scenarioNames,
} from '#simulators/cloudpayments/acquirer';
import {
  type Fields,
  json,
  Problem,
  type Reply,
  readChoice,
  readNumber,
  readShare,
  readText,
  refuseUnknown,
} from '#simulators/kit';

const maxTimes = 10_000_000;
const yearMs = 366 * 86_400_000;
/** Beyond it a mistake is more likely than a wish. */
const maxStepMs = 20 * yearMs;

export function listScenarios({ board }: Acquirer): Reply {
  const names = scenarioNames.map((name) => [name, behaviours[name].meaning]);
  return json(200, { scenarios: board.list(), names: Object.fromEntries(names) });
}

const scenarioFields = [
  ...['name', 'times', 'probability', 'delayMs', 'code', 'retryAfterSeconds', 'publicId'],
  ...['endpoint', 'type', 'amount', 'card', 'token', 'accountId', 'invoiceId'],
];

export function addScenario({ board }: Acquirer, fields: Fields): Reply {
  refuseUnknown(fields, scenarioFields);
  if (board.size >= scenarioLimit) {
    throw new Problem(400, `At most ${scenarioLimit} scenarios at a time`, 'name');
  }
  const scenario: Scenario = {
    name: readChoice(fields.name, scenarioNames, 'name'),
    ...readNumbers(fields),
    ...readFacts(fields),
  };
  board.add(scenario);
  return json(201, scenario);
}

const numberRules = {
  times: { min: 1, max: maxTimes },
  delayMs: { min: 0, max: yearMs },
  retryAfterSeconds: { min: 0, max: yearMs / 1000 },
} as const;

function readNumbers({ code, probability, ...fields }: Fields): Omit<Scenario, 'name'> {
  const numbers = Object.entries(numberRules)
    .filter(([field]) => isGiven(fields[field]))
    .map(([field, rule]) => [field, readNumber(fields[field], { field, ...rule })]);
  if (isGiven(code) && !isReasonCode(Number(code))) {
    throw new Problem(400, 'code must be a reason code of the gateway, such as 5051', 'code');
  }
  return {
    ...Object.fromEntries(numbers),
    ...(isGiven(code) ? { code: Number(code) } : {}),
    ...(isGiven(probability) ? { probability: readShare(probability, 'probability') } : {}),
  };
}

/** A form sends what was left empty as an empty text. */
function isGiven(value: unknown): boolean {
  return value !== undefined && value !== '';
}

function readFacts(fields: Fields): Facts {
  const texts = (['publicId', 'endpoint', 'type', 'token', 'accountId', 'invoiceId'] as const)
    .filter((field) => isGiven(fields[field]))
    .map((field) => [field, readText(String(fields[field]), { field, maxLength: 300 })]);
  const { amount, card } = fields;
  return {
    ...Object.fromEntries(texts),
    ...(isGiven(amount) ? { amountMinor: readAmount(amount) } : {}),
    ...(isGiven(card) ? { cardId: readCardId(card) } : {}),
  };
}

function readAmount(value: unknown): number {
  const minor = parseAmount(value);
  if (minor === undefined) throw new Problem(400, 'amount must be like 199.00', 'amount');
  return minor;
}

function readCardId(value: unknown): string {
  const card = readCryptogram(cryptogramOf({ number: String(value), expires: '12/99' }));
  if (card === undefined) throw new Problem(400, 'card must be the number of a card', 'card');
  return card.id;
}

export function clearScenarios({ board }: Acquirer): Reply {
  board.clear();
  return json(200, { scenarios: [] });
}

export function putSettings(acquirer: Acquirer, fields: Fields): Reply {
  acquirer.settings = changeSettings(acquirer.settings, fields);
  return json(200, acquirer.settings);
}

export function siteOf({ sites }: Acquirer, publicId: string): Site {
  const site = sites.get(publicId);
  if (site === undefined) throw new Problem(404, 'No such Public ID', 'publicId');
  return site;
}

export function putSite(acquirer: Acquirer, publicId: string, fields: Fields): Reply {
  const site = siteOf(acquirer, publicId);
  site.settings = changeSite(site.settings, fields);
  return json(200, { publicId: site.publicId, ...site.settings });
}

export function showSites({ sites }: Acquirer): Reply {
  const all = [...sites.values()].map(({ publicId, settings }) => ({ publicId, ...settings }));
  return json(200, { sites: all });
}

export function showClock({ clock }: Acquirer): Reply {
  const { offsetMs, waiting } = clock;
  return json(200, { now: new Date(clock.now()).toISOString(), offset_ms: offsetMs, waiting });
}

/** Answered when everything that falls due until then is done. */
export async function passTime(acquirer: Acquirer, fields: Fields): Promise<Reply> {
  refuseUnknown(fields, ['advanceMs', 'to']);
  const nowMs = acquirer.clock.now();
  await acquirer.passTo(readTarget(fields, nowMs));
  return showClock(acquirer);
}

function readTarget({ advanceMs, to }: Fields, nowMs: number): number {
  if (to === undefined) {
    return nowMs + readNumber(advanceMs, { field: 'advanceMs', min: 0, max: maxStepMs });
  }
  const targetMs = Date.parse(readText(to, { field: 'to', maxLength: 40 }));
  if (Number.isNaN(targetMs) || targetMs - nowMs > maxStepMs) {
    throw new Problem(400, 'to must be a time like 2030-01-31T10:00:00Z', 'to');
  }
  if (targetMs < nowMs) throw new Problem(400, 'Time does not go backwards', 'to');
  return targetMs;
}

/** Answered when everything that is due by now has been done. */
export async function settle(acquirer: Acquirer): Promise<Reply> {
  await acquirer.passTo(acquirer.clock.now());
  return showClock(acquirer);
}

export async function resend(acquirer: Acquirer, id: string): Promise<Reply> {
  const notification = await acquirer.notifier.resend(Number(id));
  if (notification === undefined) throw new Problem(404, 'No such notification');
  return json(200, notification);
}
