import { createHash } from 'node:crypto';
import { invalid } from './errors.ts';

/** A form with brackets is a tree: `a[b]=1`, `c[]=2`, `d[0][e]=3`. */
export type Params = { readonly [name: string]: Param };
export type Param = string | readonly Param[] | Params;

interface Node {
  [name: string]: string | Node;
}

const nameMax = 1_000;
const depthMax = 8;

export function parseForm(entries: Iterable<readonly [string, string]>): Params {
  const root = emptyNode();
  let count = 0;
  for (const [name, value] of entries) {
    count += 1;
    if (count > nameMax) throw invalid('Too many parameters');
    place(root, pathOf(name), value);
  }
  return toParams(root) as Params;
}

/** Without a prototype: `__proto__` is a name like any other. */
function emptyNode(): Node {
  return Object.create(null) as Node;
}

function pathOf(name: string): string[] {
  const [first = ''] = /^[^[]*/.exec(name) ?? [];
  const rest = [...name.slice(first.length).matchAll(/\[([^\]]*)\]/g)].map(([, part = '']) => part);
  if (rest.length >= depthMax) throw invalid(`Parameters are nested too deeply: ${first}`);
  return [first, ...rest];
}

function place(root: Node, path: readonly string[], value: string): void {
  let node = root;
  for (const [at, part] of path.entries()) {
    const key = part === '' ? String(Object.keys(node).length) : part;
    if (at === path.length - 1) {
      node[key] = value;
      return;
    }
    const next = node[key];
    const child = typeof next === 'object' ? next : emptyNode();
    node[key] = child;
    node = child;
  }
}

function toParams(node: Node): Param {
  const keys = Object.keys(node);
  const values = keys.map((key) => {
    const value = node[key] as string | Node;
    return typeof value === 'string' ? value : toParams(value);
  });
  const isList = keys.length > 0 && keys.every((key, at) => key === String(at));
  if (isList) return values;
  return Object.assign(
    Object.create(null),
    Object.fromEntries(keys.map((key, at) => [key, values[at]])),
  ) as Params;
}

export function textOf(params: Params, name: string): string | undefined {
  const value = params[name];
  if (value === undefined || value === '') return undefined;
  if (typeof value === 'string') return value;
  throw invalid(`Invalid string: ${name}`, name);
}

export function needText(params: Params, name: string): string {
  const value = textOf(params, name);
  if (value === undefined)
    throw invalid(`Missing required param: ${name}.`, name, 'parameter_missing');
  return value;
}

export function integerOf(params: Params, name: string): number | undefined {
  const text = textOf(params, name);
  if (text === undefined) return undefined;
  const value = Number(text);
  if (Number.isSafeInteger(value)) return value;
  throw invalid(`Invalid integer: ${text}`, name, 'parameter_invalid_integer');
}

export function flagOf(params: Params, name: string): boolean {
  const text = textOf(params, name);
  if (text === undefined || text === 'false') return false;
  if (text === 'true') return true;
  throw invalid(`Invalid boolean: ${text}`, name);
}

export function nodeOf(params: Params, name: string): Params {
  const value = params[name];
  if (value === undefined || value === '' || Array.isArray(value)) return {};
  if (typeof value === 'object') return value as Params;
  throw invalid(`Invalid hash: ${name}`, name);
}

export function listOf(params: Params, name: string): readonly string[] {
  const value = params[name];
  if (value === undefined || value === '') return [];
  if (Array.isArray(value) && value.every((one) => typeof one === 'string')) return value;
  throw invalid(`Invalid array: ${name}`, name);
}

export function choiceOf<Value extends string>(
  params: Params,
  name: string,
  allowed: readonly Value[],
): Value | undefined {
  const text = textOf(params, name);
  if (text === undefined) return undefined;
  const found = allowed.find((each) => each === text);
  if (found !== undefined) return found;
  throw invalid(`Invalid ${name}: must be one of ${allowed.join(', ')}`, name);
}

const metadataMax = { keys: 50, key: 40, value: 500 };

/** What was there, changed by what is sent: an empty value takes one away. */
export function metadataOf(params: Params, before: Readonly<Record<string, string>> = {}) {
  if (params.metadata === '') return {};
  const given = Object.entries(nodeOf(params, 'metadata'));
  for (const [key, value] of given) {
    const isText = typeof value === 'string' && value.length <= metadataMax.value;
    if (!isText || key.length > metadataMax.key) {
      throw invalid(`Metadata keys have up to 40 characters, values up to 500: ${key}`, 'metadata');
    }
  }
  const merged = Object.entries({ ...before, ...(Object.fromEntries(given) as typeof before) });
  const kept = merged.filter(([, value]) => value !== '');
  if (kept.length > metadataMax.keys) {
    throw invalid('Metadata can have up to 50 keys', 'metadata');
  }
  return Object.fromEntries(kept);
}

/** The same for the same card, different for others; says nothing of the number. */
export function fingerprintOf(number: string): string {
  return createHash('sha256').update(`stripe ${number}`).digest('base64url').slice(0, 16);
}
