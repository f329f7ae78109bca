import { type Finding, type Project, type Rule, resolveImport } from './project.ts';

/** No file needs itself to be loaded. Imports of types are erased, and `import()` comes later: neither counts. */
export const importCycles: Rule = (project) => {
  const graph = readGraph(project);
  const state = new Map<string, 'open' | 'done'>();
  const findings: Finding[] = [];
  const visit = (path: string, trail: readonly string[]) => {
    if (state.get(path) === 'done') return;
    if (state.get(path) === 'open') {
      const cycle = [...trail.slice(trail.indexOf(path)), path];
      findings.push({ path, line: 1, message: `import cycle: ${cycle.join(' → ')}` });
      return;
    }
    state.set(path, 'open');
    for (const next of graph.get(path) ?? []) visit(next, [...trail, path]);
    state.set(path, 'done');
  };
  for (const path of graph.keys()) visit(path, []);
  return findings;
};

function readGraph(project: Project): ReadonlyMap<string, readonly string[]> {
  const known = new Set(project.files.map((file) => file.path));
  return new Map(
    project.files.map((file) => [
      file.path,
      file.imports
        .filter((found) => found.kind === 'value')
        .map((found) => resolveImport(project, file, found.specifier) ?? '')
        .filter((path) => known.has(path)),
    ]),
  );
}
