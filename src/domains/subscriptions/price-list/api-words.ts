import { AppError } from '#errors';
import type { TSchema } from '#http';

/** Names of the API are written with underscores, those of the code are not: one rule leads from each to the other. */
const toSnake = (name: string) => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
const toCamel = (name: string) =>
  name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** A document of ours as the API shows it. */
export const toApiWords = (document: unknown) => renamed(document, toSnake);
/** And back, as it was given. */
export const fromApiWords = (document: unknown) => renamed(document, toCamel);

function renamed(value: unknown, rename: (name: string) => string): unknown {
  if (Array.isArray(value)) return value.map((item) => renamed(item, rename));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [rename(name), renamed(member, rename)]),
  );
}

/** A schema of ours, for documents in the words of the API. */
export function schemaInApiWords(schema: TSchema): TSchema {
  return namesRenamed(schema) as TSchema;
}

function namesRenamed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(namesRenamed);
  if (schema === null || typeof schema !== 'object') return schema;
  return Object.fromEntries(
    Object.entries(schema).map(([name, part]) => {
      if (name === 'required') return [name, (part as readonly string[]).map(toSnake)];
      if (name !== 'properties') return [name, namesRenamed(part)];
      const members = Object.entries(part as object);
      return [name, Object.fromEntries(members.map(([of, it]) => [toSnake(of), namesRenamed(it)]))];
    }),
  );
}

/** What each kind of fault is about, and where in a document of the API it stands. */
const DOCUMENTS: Readonly<Record<string, readonly [what: string, within: string]>> = {
  plan_invalid: ['plan', ''],
  price_invalid: ['plan', ''],
  dunning_policy_invalid: ['plan', 'dunning.'],
  coupon_invalid: ['coupon', ''],
};

/** Runs it; what it finds wrong names fields as the API does. */
export async function faultsInApiWords<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof AppError ? translated(error) : error;
  }
}

function translated(error: AppError): AppError {
  const document = DOCUMENTS[error.code];
  if (!document) return error;
  const [what, within] = document;
  const faults = error.faults.map(({ field, message }) => ({
    field: within + fieldOf(field),
    message,
  }));
  const [first] = faults;
  const text = `The ${what} can't be used: ${first?.field} ${first?.message}.`;
  return new AppError(error.kind, error.code, text, { cause: error, faults });
}

/** A price stands in a list where it is judged, and in its plan where it is told. */
function fieldOf(field: string): string {
  const name = toSnake(field.replace(/^(prices\.\d+|price)\./, ''));
  return name === 'unit_price_minor' ? 'price_minor' : name;
}
