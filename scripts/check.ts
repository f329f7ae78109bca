// `npm run check [-- --fix]`: all that a machine can say about the sources. Everything runs, whatever failed.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { readProject } from './check/project.ts';
import { rules } from './check/rules.ts';

interface Result {
  readonly passed: boolean;
  readonly output: string;
}

interface Check {
  readonly name: string;
  run(): Promise<Result>;
}

const ROOT = join(import.meta.dirname, '..');
const FINDINGS_MAX = 100;

const HELP = `npm run check [-- --fix]

  --fix    first formats, applies safe fixes, and writes the generated files
`;

const CHECKS: readonly Check[] = [
  {
    name: 'types',
    run: () => run('node_modules/typescript/bin/tsc', ['-p', '.', '--pretty', 'false']),
  },
  { name: 'lint and format', run: () => runBiome([]) },
  { name: 'structure', run: checkStructure },
  { name: 'generated files', run: () => run('scripts/generate.ts', ['--check']) },
];

const FIXES: readonly Check[] = [
  { name: 'format', run: () => runBiome(['--write']) },
  { name: 'generate', run: () => run('scripts/generate.ts', []) },
];

if (process.argv.includes('--help')) console.log(HELP);
else process.exitCode = await main(process.argv.includes('--fix'));

async function main(fix: boolean): Promise<number> {
  // What a fix cannot mend, the checks after it tell.
  if (fix) for (const { run } of FIXES) await run();
  const passed: boolean[] = [];
  for (const check of CHECKS) passed.push(await report(check));
  return passed.includes(false) ? 1 : 0;
}

async function report(check: Check): Promise<boolean> {
  const startMs = performance.now();
  const { passed, output } = await check.run();
  const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
  console.log(`${passed ? '✔' : '✖'} ${check.name.padEnd(16)} ${seconds.padStart(5)} s`);
  if (!passed) console.log(output.trimEnd().replace(/^(?=.)/gm, '    '));
  return passed;
}

async function checkStructure(): Promise<Result> {
  const project = await readProject(ROOT);
  const findings = rules.flatMap((rule) => rule(project));
  const lines = findings.map(({ path, line, message }) => `${path}:${line}: ${message}`);
  const more = lines.length > FINDINGS_MAX ? [`… ${lines.length - FINDINGS_MAX} more`] : [];
  const output = [...lines.slice(0, FINDINGS_MAX), ...more].join('\n');
  return { passed: findings.length === 0, output };
}

function runBiome(options: readonly string[]): Promise<Result> {
  return run('node_modules/@biomejs/biome/bin/biome', [
    ...['check', '--error-on-warnings', '--max-diagnostics=40', '--colors=off', ...options],
  ]);
}

/** Runs a JavaScript or TypeScript program of the repository. */
function run(program: string, args: readonly string[]): Promise<Result> {
  return new Promise((done) => {
    const child = spawn(process.execPath, [join(ROOT, program), ...args], { cwd: ROOT });
    let output = '';
    child.stdout.on('data', (chunk) => (output += chunk));
    child.stderr.on('data', (chunk) => (output += chunk));
    child.on('error', (error) => done({ passed: false, output: error.message }));
    child.on('close', (code) => done({ passed: code === 0, output }));
  });
}
