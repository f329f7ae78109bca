import { Compile } from 'typebox/compile';
import type { FieldFault } from '#errors';
import { fail } from './errors.ts';
import { DunningPolicy } from './policy.ts';

const schema = Compile(DunningPolicy);
const FAULTS_MAX = 20;

/** Reads a policy. Throws `dunning_policy_invalid` with every fault: the field, and what to do. */
export function parseDunningPolicy(document: unknown): DunningPolicy {
  if (!schema.Check(document)) throw refuse(shapeFaults(document));
  const faults = meaningFaults(document);
  if (faults.length > 0) throw refuse(faults);
  return document;
}

function refuse(faults: readonly FieldFault[]): Error {
  const [first] = faults;
  return fail(
    'dunning_policy_invalid',
    `The dunning policy can't be used: ${first?.field} ${first?.message}.`,
    { faults: faults.slice(0, FAULTS_MAX) },
  );
}

function shapeFaults(document: unknown): readonly FieldFault[] {
  const errors = schema.Errors(document);
  const strange = errors.some(({ keyword }) => keyword === 'boolean');
  return errors
    .filter(({ keyword }) => !strange || keyword !== 'additionalProperties')
    .map(({ instancePath, keyword, message }) => ({
      field: instancePath.slice(1).replaceAll('/', '.') || 'policy',
      message: keyword === 'boolean' ? 'is no field here: take it out' : message,
    }));
}

function meaningFaults({ hours, ladder, retryDays }: DunningPolicy): readonly FieldFault[] {
  const { endDays, holdDays, lastChanceDays } = ladder;
  const say = (holds: boolean, field: string, message: string) =>
    holds ? [] : [{ field, message }];
  return [
    ...say(hours.fromMinute < hours.toMinute, 'hours.toMinute', 'must be after hours.fromMinute'),
    ...say(
      retryDays.every((day, index) => index === 0 || day > (retryDays[index - 1] ?? 0)),
      'retryDays',
      'must rise from each day to the next',
    ),
    ...say(
      retryDays.every((day) => day < endDays),
      'retryDays',
      `must be before the end on day ${endDays}`,
    ),
    ...say(holdDays >= 2, 'ladder.holdDays', 'must be 2 or more: a retry comes a day before'),
    ...say(lastChanceDays < holdDays, 'ladder.lastChanceDays', 'must be before ladder.holdDays'),
    ...say(
      endDays > holdDays + 1,
      'ladder.endDays',
      'must be 2 days after ladder.holdDays or more',
    ),
  ];
}
