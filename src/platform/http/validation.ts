import { Ajv, type ErrorObject, type Options } from 'ajv';
import addFormats from 'ajv-formats';
import type { FastifySchemaCompiler } from 'fastify';
import { AppError, type FieldFault } from '#errors';

const SHARED: Options = {
  useDefaults: true,
  removeAdditional: false,
  allErrors: true, // bodies are small, and a person who mends a form wants to hear of every field
  verbose: true, // errors carry the schema they broke, so that `oneOfThese` can name what is allowed
  strict: false,
};

type Schemas = Readonly<Record<string, unknown>>;

/**
 * Two judges: what stands in a URL or a header is text, so "7" is taken for 7 there; a body is JSON, where
 * "7" is not 7 and must not become money.
 */
export function buildValidator(shared: unknown): FastifySchemaCompiler<object> {
  const lenient = createAjv({ ...SHARED, coerceTypes: 'array' }, shared as Schemas);
  const strict = createAjv({ ...SHARED, coerceTypes: false }, shared as Schemas);
  return ({ schema, httpPart }) => (httpPart === 'body' ? strict : lenient).compile(schema);
}

function createAjv(options: Options, shared: Schemas): Ajv {
  const ajv = new Ajv(options);
  addFormats.default(ajv);
  for (const schema of Object.values(shared ?? {})) ajv.addSchema(schema as object);
  return ajv;
}

/**
 * A copy of a schema whose objects take no members but those they name, unless they say so themselves.
 * Parts of an `allOf` stay open: each of them sees the members of the others.
 */
export function closeObjects(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closeObjects);
  if (schema === null || typeof schema !== 'object') return schema;
  const closed: Record<string, unknown> = {};
  for (const [name, part] of Object.entries(schema)) {
    if (name === 'properties') closed[name] = mapMembers(part as Schemas);
    else closed[name] = SUBSCHEMAS.has(name) ? closeObjects(part) : part;
  }
  if ('properties' in closed && !('additionalProperties' in closed))
    closed.additionalProperties = false;
  return closed;
}

const SUBSCHEMAS = new Set(['items', 'prefixItems', 'anyOf', 'oneOf', 'additionalProperties']);

function mapMembers(members: Schemas): Schemas {
  return Object.fromEntries(
    Object.entries(members).map(([name, part]) => [name, closeObjects(part)]),
  );
}

/** The `request_invalid` of what ajv found, each fault once. `part` is `body`, `querystring`, … */
export function invalidRequest(errors: readonly ErrorObject[], part: string): AppError {
  const faults = dropRepeated(withoutBranches(errors).map((error) => faultOf(error, part)));
  const first = faults[0];
  const more = faults.length > 1 ? ` (and ${faults.length - 1} more)` : '';
  return new AppError('invalid', 'request_invalid', `${first?.field} ${first?.message}${more}.`, {
    faults,
  });
}

/**
 * A value that fits no branch of a union breaks all of them; only the union's own fault is worth telling. But where the
 * value is of one branch's type alone, that branch was meant, and what is wrong within it says more.
 */
function withoutBranches(errors: readonly ErrorObject[]): readonly ErrorObject[] {
  const unions = errors.filter(isUnion);
  if (unions.length === 0) return errors;
  const meant = new Map(unions.map((union) => [union, branchMeant(union, errors)]));
  return errors.filter((error) => {
    if (meant.get(error) !== undefined) return false;
    return unions.every(
      (union) =>
        error === union ||
        !isWithin(error, union) ||
        error.schemaPath.startsWith(meant.get(union) ?? '#none'),
    );
  });
}

const isUnion = ({ keyword }: ErrorObject) => keyword === 'anyOf' || keyword === 'oneOf';

const isWithin = (error: ErrorObject, union: ErrorObject) =>
  error.schemaPath.startsWith(`${union.schemaPath}/`) &&
  error.instancePath.startsWith(union.instancePath);

interface Discriminator {
  readonly property: string;
  /** One of each branch. */
  readonly values: readonly unknown[];
  readonly given: unknown;
}

/** The member by which an object says which branch it is of: each branch has a constant of its own for it. */
function discriminatorOf({ data, schema }: ErrorObject): Discriminator | undefined {
  if (data === null || typeof data !== 'object' || Array.isArray(data)) return undefined;
  const branches = (schema as readonly { readonly properties?: Schemas }[]).map(
    ({ properties }) => properties ?? {},
  );
  const constantOf = (branch: Schemas | undefined, name: string) =>
    (branch?.[name] as { readonly const?: unknown } | undefined)?.const;
  const property = Object.keys(branches[0] ?? {}).find((name) =>
    branches.every((branch) => constantOf(branch, name) !== undefined),
  );
  if (property === undefined) return undefined;
  const values = branches.map((branch) => constantOf(branch, property));
  if (new Set(values).size < values.length) return undefined;
  return { property, values, given: (data as Schemas)[property] };
}

/**
 * The path of the branch that the value says it is of, or else of the only one whose type it has; undefined where none
 * or several have it.
 */
function branchMeant(union: ErrorObject, errors: readonly ErrorObject[]): string | undefined {
  const discriminator = discriminatorOf(union);
  if (discriminator) {
    const index = discriminator.values.indexOf(discriminator.given);
    return index < 0 ? undefined : `${union.schemaPath}/${index}/`;
  }
  const branches = (union.schema as readonly Readonly<Record<string, unknown>>[]).map(
    (branch, index) => ({ branch, path: `${union.schemaPath}/${index}/` }),
  );
  const fitting = branches.filter(({ branch, path }) => {
    const foreign = errors.some(
      ({ instancePath, keyword, schemaPath }) =>
        keyword === 'type' && instancePath === union.instancePath && schemaPath === `${path}type`,
    );
    return !foreign && !('const' in branch);
  });
  return fitting.length === 1 ? fitting[0]?.path : undefined;
}

function faultOf(error: ErrorObject, part: string): FieldFault {
  const path = error.instancePath.slice(1).split('/').filter(Boolean).map(unescapePointer);
  const { missingProperty, additionalProperty } = error.params as Record<
    string,
    string | undefined
  >;
  const member = missingProperty ?? additionalProperty;
  if (member !== undefined) path.push(member);
  const discriminator = isUnion(error) ? discriminatorOf(error) : undefined;
  if (discriminator) {
    path.push(discriminator.property);
    const message =
      discriminator.given === undefined
        ? 'is required'
        : `must be one of ${discriminator.values.join(', ')}`;
    return { field: path.join('.'), message };
  }
  return { field: path.length > 0 ? path.join('.') : part, message: messageOf(error) };
}

function messageOf(error: ErrorObject): string {
  switch (error.keyword) {
    case 'required':
      return 'is required';
    case 'additionalProperties':
      return 'is not a known field';
    case 'type':
      return `must be ${[error.params.type].flat().map(withArticle).join(' or ')}`;
    case 'enum':
      return `must be one of ${(error.params.allowedValues as unknown[]).join(', ')}`;
    case 'format':
      if (error.params.format !== 'date-time') return error.message ?? 'is not valid';
      return 'must be a moment with its offset, such as 2026-03-01T10:00:00Z';
    case 'anyOf':
    case 'oneOf':
      return oneOfThese(error.schema as readonly Record<string, unknown>[]);
    default:
      return error.message ?? 'is not valid';
  }
}

function oneOfThese(branches: readonly Record<string, unknown>[]): string {
  const names = branches.map((branch) =>
    'const' in branch
      ? String(branch.const)
      : withArticle(String(branch.title ?? branch.type ?? 'other form')),
  );
  return `must be one of ${[...new Set(names)].join(', ')}`;
}

function withArticle(noun: string): string {
  if (noun === 'null') return noun;
  return `${/^[aeiou]/.test(noun) ? 'an' : 'a'} ${noun}`;
}

function unescapePointer(part: string): string {
  return part.replaceAll('~1', '/').replaceAll('~0', '~');
}

function dropRepeated(faults: readonly FieldFault[]): readonly FieldFault[] {
  return [...new Map(faults.map((fault) => [`${fault.field}\0${fault.message}`, fault])).values()];
}
