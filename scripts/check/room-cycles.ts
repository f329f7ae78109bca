import { type Finding, isOfTests, type Project, type Rule, resolveImport } from './project.ts';

/** One import from room to room, as it is told. */
interface Way {
  readonly path: string;
  readonly line: number;
  readonly to: string;
}

/** The rooms of a domain need each other in one direction only, for types too: each can be read after those it needs. */
export const roomCycles: Rule = (project) => {
  const ways = readWays(project);
  const done = new Set<string>();
  const findings: Finding[] = [];
  const visit = (room: string, trail: readonly string[]) => {
    if (done.has(room)) return;
    for (const { line, path, to } of ways.get(room) ?? []) {
      const start = [...trail, room].indexOf(to);
      if (start < 0) visit(to, [...trail, room]);
      else {
        const circle = [...[...trail, room].slice(start), to].join(' → ');
        findings.push({ path, line, message: `rooms need each other in a circle: ${circle}` });
      }
    }
    done.add(room);
  };
  for (const room of ways.keys()) visit(room, []);
  return findings;
};

function readWays(project: Project): ReadonlyMap<string, readonly Way[]> {
  const ways = new Map<string, Way[]>();
  for (const file of project.files) {
    if (!file.path.startsWith('src/domains/') || isOfTests(project, file.path)) continue;
    for (const { line, specifier } of file.imports) {
      const [from, to] = roomsBetween(
        file.path,
        resolveImport(project, file, specifier) ?? file.path,
      );
      if (from === undefined || to === undefined) continue;
      ways.set(from, [...(ways.get(from) ?? []), { path: file.path, line, to }]);
    }
  }
  return ways;
}

/** The two rooms, side by side in one folder of a domain, that an import goes between. */
function roomsBetween(from: string, to: string): readonly [string?, string?] {
  const [own, other] = [from.split('/'), to.split('/')];
  const depth = own.findIndex((part, index) => part !== other[index]);
  const isInDomain = depth >= 'src/domains/x'.split('/').length;
  if (!isInDomain || own.length === depth + 1 || other.length === depth + 1) return [];
  return [own.slice(0, depth + 1).join('/'), other.slice(0, depth + 1).join('/')];
}
