import { ownerOf } from './layers.ts';
import { type Import, type Project, type Rule, resolveImport, type SourceFile } from './project.ts';

/** Other units are entered by their doors; within one's own folder it is `./x.ts`, and never `../`. */
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
  const foreign = ownerOf(file.path).unit !== ownerOf(target).unit;
  if (foreign && specifier.startsWith('.'))
    return `${target} is entered by its door, not by ${specifier}`;
  const { place } = ownerOf(target);
  // A door beside index.ts serves the deeper folders of the same unit, which may not say `../`.
  const inner = !target.endsWith('/index.ts') && place !== 'app' && place !== 'outside';
  if (foreign && inner)
    return `${specifier} is an inner door: only ${ownerOf(target).unit} uses it`;
  return undefined;
}
