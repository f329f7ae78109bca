import { globSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { blankComments } from './blank.ts';

/** What the rules read: every TypeScript file and document of the repository, and its doors. */
export interface Project {
  readonly files: readonly SourceFile[];
  readonly documents: readonly Document[];
  /** Every file and folder, from the root: what a document may point to. */
  readonly paths: ReadonlySet<string>;
  /** The `imports` of package.json: specifier (`#bus`) to path (`src/platform/bus/index.ts`). */
  readonly doors: ReadonlyMap<string, string>;
  /** Every table, as `schema.table`, by the generated types. */
  readonly tables: ReadonlySet<string>;
}

export interface SourceFile {
  /** From the root, with `/`. */
  readonly path: string;
  readonly text: string;
  readonly code: string;
  readonly comments: string;
  readonly imports: readonly Import[];
}

/** A text in Markdown. */
export interface Document {
  /** From the root, with `/`. */
  readonly path: string;
  readonly text: string;
}

export interface Import {
  readonly specifier: string;
  /** `type` is erased when it runs; `lazy` is `import()`. */
  readonly kind: 'value' | 'type' | 'lazy';
  readonly line: number;
}

/** A fault, shown as `path:line: message`. */
export interface Finding {
  readonly path: string;
  readonly line: number;
  readonly message: string;
}

/** One thing that must hold for the sources, told by its findings. */
export type Rule = (project: Project) => readonly Finding[];

const PLACES = ['src', 'simulators', 'scripts', 'test', 'bench'] as const;
const STATIC_IMPORT =
  /^(?:import|export)\s+(type\s)?(?:[\w\s{},*$]*?\sfrom\s+)?(['"])([^'"\n]+)\2/gm;
const CALLED_IMPORT = /(\btypeof\s+)?\bimport\(\s*(['"])([^'"\n]+)\2\s*\)/g;
const TABLE_KEY = /^ {2}"(\w+\.\w+)": /gm;

export async function readProject(root: string): Promise<Project> {
  const manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  const paths = PLACES.flatMap((place) => globSync(`${place}/**/*.{ts,tsx}`, { cwd: root })).sort();
  const files = await Promise.all(
    paths.map(async (path) =>
      readSource(path.replaceAll('\\', '/'), await readFile(join(root, path), 'utf8')),
    ),
  );
  const types = await readFile(join(root, 'db/types.ts'), 'utf8');
  const tables = new Set([...types.matchAll(TABLE_KEY)].map((found) => found[1] ?? ''));
  const { documents, paths: known } = await readDocuments(root);
  return { files, documents, paths: known, doors: readDoors(manifest.imports), tables };
}

const NOT_OURS = new Set(['node_modules', '.git', '.kopek']);

async function readDocuments(root: string): Promise<Pick<Project, 'documents' | 'paths'>> {
  const found = globSync('**/*', { cwd: root, exclude: (name) => NOT_OURS.has(name) });
  const paths = found.map((path) => path.replaceAll('\\', '/'));
  const documents = paths
    .filter((path) => path.endsWith('.md'))
    .sort()
    .map(async (path) => ({ path, text: await readFile(join(root, path), 'utf8') }));
  return { documents: await Promise.all(documents), paths: new Set(paths) };
}

export function readDoors(imports: Readonly<Record<string, string>>): ReadonlyMap<string, string> {
  return new Map(Object.entries(imports).map(([name, path]) => [name, posix.normalize(path)]));
}

export function readSource(path: string, text: string): SourceFile {
  const { code, comments } = blankComments(text);
  return { path, text, code, comments, imports: readImports(code) };
}

function readImports(code: string): readonly Import[] {
  const fixed = [...code.matchAll(STATIC_IMPORT)].map(
    (found): Import => ({
      specifier: found[3] ?? '',
      kind: found[1] ? 'type' : 'value',
      line: lineAt(code, found.index),
    }),
  );
  const called = [...code.matchAll(CALLED_IMPORT)].map(
    (found): Import => ({
      specifier: found[3] ?? '',
      kind: found[1] ? 'type' : 'lazy',
      line: lineAt(code, found.index),
    }),
  );
  return [...fixed, ...called];
}

/** The line, from 1, on which the character at `index` stands. */
export function lineAt(text: string, index: number): number {
  return text.slice(0, index).split('\n').length;
}

/** The file that an import means; undefined for packages, Node's modules and unknown doors. */
export function resolveImport(
  project: Project,
  from: SourceFile,
  specifier: string,
): string | undefined {
  if (specifier.startsWith('#')) return project.doors.get(specifier);
  if (!specifier.startsWith('.')) return undefined;
  return posix.join(posix.dirname(from.path), specifier);
}

export function isTest(path: string): boolean {
  return path.endsWith('.test.ts');
}

const supports = new WeakMap<Project, ReadonlySet<string>>();

/** Tests, and what nothing but tests imports: their fixtures, stages and children. */
export function isOfTests(project: Project, path: string): boolean {
  if (isTest(path)) return true;
  const known = supports.get(project) ?? findSupport(project);
  supports.set(project, known);
  return known.has(path);
}

function findSupport(project: Project): ReadonlySet<string> {
  const importers = new Map<string, string[]>();
  for (const file of project.files)
    for (const { specifier } of file.imports) {
      const target = resolveImport(project, file, specifier);
      if (target !== undefined)
        importers.set(target, [...(importers.get(target) ?? []), file.path]);
    }
  const support = new Set<string>();
  for (let size = -1; size !== support.size; ) {
    size = support.size;
    for (const [path, by] of importers)
      if (by.every((one) => isTest(one) || support.has(one))) support.add(path);
  }
  return support;
}
