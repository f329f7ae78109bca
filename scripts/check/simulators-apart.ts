import { ownerOf } from './layers.ts';
import { isTest, type Rule, resolveImport } from './project.ts';

/** The files of src that put Kopek and its simulators side by side. */
const WIRING = /^src\/(?:app[\w-]*\.ts|app\/.*|main\.ts|cli\/.*)$/;
/** No business in it; the simulators' own tests may use it. */
const TEST_SUPPORT = 'src/platform/testing/index.ts';

/**
 * The simulators are the outside world: they share no code with Kopek, or one mistake would be made on both
 * sides and no test would see it. Only what wires, and tests, know both.
 */
export const simulatorsApart: Rule = (project) =>
  project.files.flatMap((file) =>
    file.imports.flatMap((found) => {
      const target = resolveImport(project, file, found.specifier);
      if (target === undefined) return [];
      const [from, to] = [ownerOf(file.path), ownerOf(target)];
      const leavesSimulator = from.place === 'simulator' && from.unit !== to.unit;
      const entersSimulator = file.path.startsWith('src/') && to.place === 'simulator';
      const allowed = isTest(file.path) && (entersSimulator || target === TEST_SUPPORT);
      if (allowed || (entersSimulator && WIRING.test(file.path))) return [];
      if (!leavesSimulator && !entersSimulator) return [];
      const message = leavesSimulator
        ? `a simulator imports nothing of ${to.unit}`
        : `only what wires (src/app*.ts, src/main.ts, src/cli) imports simulators: ${found.specifier}`;
      return [{ path: file.path, line: found.line, message }];
    }),
  );
