import { layerOf, ownerOf } from './layers.ts';
import { type Finding, type Import, type Rule, resolveImport, type SourceFile } from './project.ts';

/** Generated from all domains, so it belongs to none: types only. */
const TABLE_TYPES = 'db/types.ts';

/** Imports go down the order of the domains, never sideways between equals and never back. */
export const importOrder: Rule = (project) =>
  project.files.flatMap((file) =>
    file.imports.flatMap((found) => {
      const target = resolveImport(project, file, found.specifier);
      return target === undefined ? [] : judge(file, found, target);
    }),
  );

function judge(file: SourceFile, found: Import, target: string): readonly Finding[] {
  const [from, to] = [ownerOf(file.path), ownerOf(target)];
  if (from.place === 'outside' || from.place === 'simulator' || from.unit === to.unit) return [];
  const say = (message: string) => [{ path: file.path, line: found.line, message }];
  if (to.place === 'outside') {
    const harmless = target === TABLE_TYPES && found.kind === 'type';
    return harmless ? [] : say(`src does not import ${found.specifier}`);
  }
  if (to.place === 'simulator') return []; // simulators-apart judges it
  const [own, other] = [layerOf(from), layerOf(to)];
  if (own === undefined)
    return say(`${from.unit} has no place in the order: scripts/check/layers.ts`);
  if (other === undefined)
    return say(`${to.unit} has no place in the order: scripts/check/layers.ts`);
  if (other < own || (own === 0 && other === 0)) return [];
  const direction = other === own ? 'sideways' : 'back';
  return say(`imports go down the order: ${from.unit} → ${to.unit} goes ${direction}`);
}
