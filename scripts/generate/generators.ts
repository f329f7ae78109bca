import { asyncapi } from './asyncapi.ts';
import { commandsReference } from './commands.ts';
import { configuration } from './configuration.ts';
import { databaseReference } from './database-reference.ts';
import { databaseTypes } from './database-types.ts';
import { environmentExample } from './environment-example.ts';
import type { Generator } from './generator.ts';
import { openapi } from './openapi.ts';
import { stateMachines } from './state-machines.ts';
import { topicsReference } from './topics.ts';

/** All of them; a new one is a file beside this and a line here. They run in this order. */
export const generators: readonly Generator[] = [
  databaseTypes,
  databaseReference,
  stateMachines,
  configuration,
  environmentExample,
  commandsReference,
  topicsReference,
  asyncapi,
  openapi,
];
