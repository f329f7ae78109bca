import { posix } from 'node:path';
import { OPEN_ROOMS, ownerOf } from './layers.ts';
import {
  type Import,
  isOfTests,
  type Project,
  type Rule,
  resolveImport,
  type SourceFile,
} from './project.ts';

/**
 * Other units are entered by their doors, and so are the rooms within one: folders with an `index.ts`. Within one's own
 * folder it is `./x.ts`, and never `../`.
 */
export const importPaths: Rule = (project) =>
  project.files.flatMap((file) =>
    file.imports.flatMap((found) => {
      const message = judge(project, file, found);
      return message ? [{ path: file.path, line: found.line, message }] : [];
    }),
  );

function judge(project: Project, file: SourceFile, found: Import): string | undefined {
  const { specifier } = found;
  if (specifier.includes('../')) return `no ../ in imports, use a door (#name): ${specifier}`;
  const target = resolveImport(project, file, specifier);
  if (specifier.startsWith('#') && target === undefined) {
    return `there is no door ${specifier} in the imports of package.json`;
  }
  if (target === undefined) return undefined;
  const { place, unit } = ownerOf(file.path);
  const foreign = unit !== ownerOf(target).unit;
  if (foreign && specifier.startsWith('.'))
    return `${target} is entered by its door, not by ${specifier}`;
  if (foreign && isInner(target))
    return `${specifier} is an inner door: only ${ownerOf(target).unit} uses it`;
  if (place !== 'domain' || isOfTests(project, file.path)) return undefined;
  if (target.includes('/stage/') && !file.path.includes('/stage/'))
    return `${specifier} is for tests only`;
  const room = passedRoom(project, file.path, specifier);
  return room && `${room} is entered by its door: ${room}/index.ts`;
}

function isInner(target: string): boolean {
  const { place, unit } = ownerOf(target);
  if (place === 'app' || place === 'outside') return false;
  // A door beside index.ts serves the deeper folders of the same unit, which may not say `../`.
  if (!target.endsWith('/index.ts')) return true;
  const room = posix.dirname(target);
  return place === 'domain' && room !== unit && !OPEN_ROOMS.includes(room);
}

/** The first room that the way leads through without its door. */
function passedRoom(project: Project, from: string, specifier: string): string | undefined {
  if (!specifier.startsWith('./')) return undefined;
  const folders = posix.dirname(specifier).split('/').slice(1);
  for (let deep = 1; deep <= folders.length; deep++) {
    const way = `./${folders.slice(0, deep).join('/')}`;
    const door = `${way}/index.ts`;
    if (door !== specifier && project.paths.has(posix.join(posix.dirname(from), door))) return way;
  }
  return undefined;
}
