import { Compile } from 'typebox/compile';
import type { Static, TSchema } from '#http';
import { fail } from '#subscriptions/errors';

const FAULTS_MOST = 20;

/** Reads documents of a kind that did not come over HTTP, by the schema that HTTP goes by. They throw `document_invalid`. */
export function documentReader<const Schema extends TSchema>(what: string, schema: Schema) {
  const compiled = Compile(closed(schema) as Schema);
  return (document: unknown): Static<Schema> => {
    if (compiled.Check(document)) return document as Static<Schema>;
    const faults = compiled
      .Errors(document)
      .slice(0, FAULTS_MOST)
      .map(({ instancePath, keyword, message }) => ({
        field: instancePath.slice(1).replaceAll('/', '.') || what,
        message: keyword === 'boolean' ? 'is no field here: take it out' : message,
      }));
    const [first] = faults;
    throw fail(
      'document_invalid',
      `The ${what} can't be used: ${first?.field} ${first?.message}.`,
      {
        faults,
      },
    );
  };
}

/** Objects take no members but those they name, as in a body. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (schema === null || typeof schema !== 'object') return schema;
  const parts = Object.fromEntries(
    Object.entries(schema).map(([name, part]) => [name, closed(part)]),
  );
  const isObject = parts.type === 'object' && 'properties' in parts;
  return isObject && !('additionalProperties' in parts)
    ? { ...parts, additionalProperties: false }
    : parts;
}
