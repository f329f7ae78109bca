import { type Config, type ConfigFault, readConfig } from '#config';
import type { Call } from './command.ts';
import { EXIT } from './exit.ts';
import { Refusal } from './refusal.ts';

/** The settings, or the end of the command with all that is wrong with them. */
export function mustReadConfig(call: Pick<Call, 'dotenv'>): Config {
  const { config, faults } = readConfig(undefined, { dotenv: call.dotenv });
  if (faults.length === 0) return config;
  const count = faults.length === 1 ? 'A setting is' : `${faults.length} settings are`;
  throw new Refusal(EXIT.usage, `${count} not right: Kopek does not start with it.`, {
    ...(faults.length === 1 && faults[0] ? { code: faults[0].code } : {}),
    advice: [
      ...faults.flatMap(describeFault),
      'kopek check shows them all with what can be reached.',
    ],
  });
}

/** What is wrong, why it matters and what to write, a line each. */
export function describeFault({
  name,
  code,
  message,
  why,
  instead,
  source,
}: ConfigFault): string[] {
  return [
    `${name.padEnd(24)} ${code}  ${message}   ${source}`,
    ...(why ? [`  why  ${why}`] : []),
    ...(instead ? [`  do   ${name}=${instead}`] : []),
  ];
}
