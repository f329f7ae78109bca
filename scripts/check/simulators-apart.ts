import { ownerOf } from './layers.ts';
import { isOfTests, isTest, type Rule, resolveImport } from './project.ts';

/** The files of src that put Kopek and its simulators side by side. */
const WIRING = /^src\/(?:app[\w-]*\.ts|app\/.*|main\.ts|cli\/.*)$/;
/** No business in it; the simulators' own tests may use it. */
const TEST_SUPPORT = 'src/platform/testing/index.ts';
/** What the simulators share with each other, and with nobody else. */
const KIT = 'simulators/kit';

/**
 * The simulators are the outside world: they share no code with Kopek, or one mistake would be made on both
 * sides and no test would see it. Only what wires, and tests, know both.
 */
export const simulatorsApart: Rule = (project) =>
  project.files.flatMap((file) =>
    file.imports.flatMap(({ line, specifier }) => {
      const target = resolveImport(project, file, specifier);
      const isApart = isOfTests(project, file.path);
      const message =
        target === undefined ? undefined : judge(file.path, { target, specifier, isApart });
      return message === undefined ? [] : [{ path: file.path, line, message }];
    }),
  );

interface Judged {
  readonly target: string;
  readonly specifier: string;
  /** It is of tests: no code of Kopek. */
  readonly isApart: boolean;
}

function judge(path: string, { isApart, specifier, target }: Judged): string | undefined {
  const [from, to] = [ownerOf(path), ownerOf(target)];
  if (from.place === 'simulator') {
    if (from.unit === to.unit || to.unit === KIT) return undefined;
    if (isTest(path) && target === TEST_SUPPORT) return undefined;
    return `a simulator imports nothing of ${to.unit}`;
  }
  if (to.place !== 'simulator' || !path.startsWith('src/')) return undefined;
  if (to.unit === KIT) return `only simulators import ${specifier}`;
  if (isApart || WIRING.test(path)) return undefined;
  return `only what wires (src/app*.ts, src/main.ts, src/cli) imports simulators: ${specifier}`;
}
