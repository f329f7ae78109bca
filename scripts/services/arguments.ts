import { parseArgs } from 'node:util';
import { SERVICE_NAMES, ServiceFault, type ServiceName } from './service.ts';

/** What a person asks for on the command line. */
export type Order =
  | { readonly verb: 'help' }
  | {
      readonly verb: (typeof VERBS)[number];
      readonly names: readonly ServiceName[];
      readonly folder: string | undefined;
      readonly install: boolean;
      readonly wipe: boolean;
    }
  | {
      readonly verb: 'kafka-tool';
      readonly tool: string;
      readonly args: readonly string[];
      readonly folder: string | undefined;
    };

const VERBS = ['start', 'stop', 'restart', 'status', 'kill', 'pause', 'resume'] as const;
const OPTIONS = {
  folder: { type: 'string' },
  install: { type: 'boolean', default: false },
  wipe: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;
/** Which verbs an option means something to: elsewhere it is a mistake, and is told. */
const USED_BY = { install: ['start', 'restart'], wipe: ['stop'] } as const;

/** Throws `ServiceFault` for what nobody can mean. */
export function parseOrder(args: readonly string[]): Order {
  const at = args.indexOf('kafka-tool');
  if (at >= 0) return parseTool(args.slice(0, at), args.slice(at + 1));
  const { values, positionals } = parse(args);
  const [verb, ...names] = positionals;
  if (values.help || verb === undefined || verb === 'help') return { verb: 'help' };
  if (!isOneOf(VERBS, verb)) {
    throw new ServiceFault(`There is no ${verb}; there are ${VERBS.join(', ')} and kafka-tool.`);
  }
  for (const option of ['install', 'wipe'] as const) {
    if (values[option] && !isOneOf(USED_BY[option], verb)) {
      throw new ServiceFault(`--${option} says nothing to ${verb}.`);
    }
  }
  const strange = names.find((name) => !isOneOf(SERVICE_NAMES, name));
  if (strange !== undefined) {
    throw new ServiceFault(
      `There is no service ${strange}; there are ${SERVICE_NAMES.join(' and ')}.`,
    );
  }
  const chosen = SERVICE_NAMES.filter((name) => names.length === 0 || names.includes(name));
  return { verb, names: chosen, folder: values.folder, install: values.install, wipe: values.wipe };
}

/** All that follows the name of the tool is the tool's own. */
function parseTool(before: readonly string[], after: readonly string[]): Order {
  const ours = after[0] === '--folder' ? 2 : /^--folder=/.test(after[0] ?? '') ? 1 : 0;
  const { values } = parse([...before, ...after.slice(0, ours)]);
  const [tool, ...args] = after.slice(ours);
  if (values.help || tool === undefined || tool === '--help') return { verb: 'help' };
  return { verb: 'kafka-tool', tool, args, folder: values.folder };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
  } catch (error) {
    throw new ServiceFault((error as Error).message);
  }
}

function isOneOf<Name extends string>(names: readonly Name[], name: string): name is Name {
  return (names as readonly string[]).includes(name);
}
