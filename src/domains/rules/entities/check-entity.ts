import { Compile } from 'typebox/compile';
import { entitySettingFaults, type RuleSet } from '#rules/decision';
import {
  EntitySettings,
  type NewLegalEntity,
  type NewPair,
  type NewProvider,
  RegisteredSender,
} from '#rules/entity';
import { fail } from '#rules/errors';

const KEY = /^[a-z0-9][a-z0-9-]{0,39}$/;
const PROVIDER = /^[a-z][a-z0-9_-]{0,39}$/;
const COUNTRY = /^[A-Z]{2}$/;
const NAME_LENGTH_MAX = 200;
const SENDERS_MAX = 200;
const settings = Compile(EntitySettings);
const sender = Compile(RegisteredSender);

type Refuse = (field: string, message: string) => Error;
const refuseEntity = refusal('entity_invalid', 'The legal entity can not be saved');
const refuseProvider = refusal('provider_invalid', 'The provider can not be saved');

function refusal(code: 'entity_invalid' | 'provider_invalid', what: string): Refuse {
  return (field, message) =>
    fail(code, `${what}: ${field} ${message}.`, { faults: [{ field, message }] });
}

/** Throws `entity_invalid` with the field and what it must be. `sets`: whose switches it may answer. */
export function checkEntity(entity: NewLegalEntity, sets: readonly RuleSet[]): void {
  if (!KEY.test(entity.key))
    throw refuseEntity('key', 'must be 1 to 40 letters a-z, digits and dashes');
  checkName('name', entity.name, refuseEntity);
  if (entity.creditorGroup !== undefined)
    checkName('creditor_group', entity.creditorGroup, refuseEntity);
  const given = entity.settings ?? {};
  checkSchema(settings, given, { at: 'settings', refuse: refuseEntity });
  const [fault] = entitySettingFaults(given, sets);
  if (fault)
    throw refuseEntity(
      `settings.${fault.field.replace('standardTime', 'standard_time')}`,
      fault.message,
    );
}

export function checkProvider(provider: NewProvider): void {
  if (!PROVIDER.test(provider.name))
    throw refuseProvider('name', 'must be 1 to 40 letters a-z, digits, dashes and underlines');
  checkName('title', provider.title, refuseProvider);
  if (provider.country !== undefined && !COUNTRY.test(provider.country))
    throw refuseProvider('country', 'must be two capital letters of ISO 3166-1');
}

/** Answers the senders as they are stored. */
export function checkPair(pair: NewPair): readonly RegisteredSender[] {
  if (pair.senders.length > SENDERS_MAX)
    throw refuseProvider('senders', `must be at most ${SENDERS_MAX}`);
  if (pair.since && pair.until && pair.until <= pair.since)
    throw refuseProvider('until', 'must be later than since');
  const senders = pair.senders.map((given) =>
    typeof given === 'string' ? { sender: given } : given,
  );
  for (const [index, one] of senders.entries()) {
    checkSchema(sender, one, { at: `senders.${index}`, refuse: refuseProvider });
    if (one.since && one.until && Date.parse(one.until) <= Date.parse(one.since))
      throw refuseProvider(`senders.${index}.until`, 'must be later than since');
  }
  return senders;
}

function checkName(field: string, text: string, refuse: Refuse): void {
  const fits = text.length > 0 && text.length <= NAME_LENGTH_MAX && text.isWellFormed();
  // Control characters have no place in a name, and zero none in PostgreSQL.
  if (!fits || /\p{Cc}/u.test(text))
    throw refuse(field, `must be 1 to ${NAME_LENGTH_MAX} letters without control characters`);
}

/** `at` is where it stands in the request, for whoever must mend it. */
function checkSchema(
  schema: { Check(value: unknown): boolean; Errors(value: unknown): readonly SchemaFault[] },
  value: unknown,
  { at, refuse }: { readonly at: string; readonly refuse: Refuse },
): void {
  if (schema.Check(value)) return;
  const [first] = schema.Errors(value);
  const path = (first?.instancePath ?? '').replaceAll('/', '.');
  throw refuse(`${at}${path}`, first?.message ?? 'is not what is expected');
}

interface SchemaFault {
  readonly instancePath: string;
  readonly message?: string;
}
