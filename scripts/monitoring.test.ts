import assert from 'node:assert/strict';
import { globSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { createMetrics } from '#metrics';
import { partsOf } from './check/document-links.ts';

const ROOT = join(import.meta.dirname, '..');
const ALERTS = 'deploy/prometheus/alerts.yml';
const DASHBOARD = 'deploy/grafana/dashboards/kopek.json';
const METRICS_PAGE = 'docs/operating/metrics.md';

/** Prometheus makes it itself. */
const FROM_ELSEWHERE = ['up'] as const;
const MADE = /\bmetrics\s*\.(counter|gauge|histogram)\(\s*'(\w+)'/g;
const HISTOGRAM_PARTS = ['_bucket', '_sum', '_count'] as const;
const WORDS = new Set(['and', 'or', 'unless', 'offset', 'bool']);

test('every query of an alert or of the dashboard names metrics that exist', async () => {
  const known = await knownMetrics();
  const queries = [...(await alerts()).map(({ expr }) => expr), ...(await dashboardQueries())];
  assert.ok(queries.length > 30, 'the queries were found');
  const strange = queries.flatMap((query) =>
    metricsIn(query)
      .filter((name) => !known.has(name))
      .map((name) => `${name} in ${query}`),
  );
  assert.deepEqual(strange, []);
});

test('every metric of ours stands on the page that explains them', async () => {
  const page = await read(METRICS_PAGE);
  const silent = (await ownMetrics()).filter(({ name }) => !page.includes(`\`${name}\``));
  assert.deepEqual(silent, []);
});

test('every alert says how much it matters, and leads to a heading that is there', async () => {
  for (const { name, text } of await alerts()) {
    assert.match(text, /severity: (?:page|ticket)\b/, name);
    const [, path = '', part = ''] = /runbook: (\S+)#(\S+)/.exec(text) ?? [];
    assert.ok(partsOf({ text: await read(path) }).includes(part), `${name}: ${path}#${part}`);
  }
});

test('what makes a metric in a query is told from functions, labels, durations and words', () => {
  const query =
    'max by (operator) (a_seconds{kind=~"b|c", d="e"}) > 3600 and on () max(b_total offset 5m) > 0 ' +
    'or histogram_quantile(0.95, sum by (le) (rate(c_bucket[$__rate_interval]))) or vector(0)';
  assert.deepEqual(metricsIn(query), ['a_seconds', 'b_total', 'c_bucket']);
});

interface Alert {
  readonly name: string;
  readonly expr: string;
  readonly text: string;
}

/** By their lines: the file is ours, and one rule follows the other. */
async function alerts(): Promise<readonly Alert[]> {
  const [, ...parts] = (await read(ALERTS)).split(/^ *- alert: /m);
  return parts.map((text) => {
    const expr = /^ *expr: (?:>-\n)?([\s\S]*?)\n *(?:for|labels):/m.exec(text)?.[1];
    assert.ok(expr, text);
    return { name: text.split('\n')[0] ?? '', expr, text };
  });
}

async function dashboardQueries(): Promise<readonly string[]> {
  const { panels } = JSON.parse(await read(DASHBOARD)) as {
    readonly panels: readonly { readonly targets?: readonly { readonly expr: string }[] }[];
  };
  return panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
}

async function knownMetrics(): Promise<ReadonlySet<string>> {
  const own = (await ownMetrics()).flatMap(({ name, parts }) => [name, ...parts]);
  const ofNode = await createMetrics({ ofProcess: true }).registry.getMetricsAsJSON();
  return new Set([...own, ...ofNode.map(({ name }) => name), ...FROM_ELSEWHERE]);
}

async function ownMetrics() {
  const paths = globSync('src/**/*.ts', { cwd: ROOT }).filter((path) => !path.endsWith('.test.ts'));
  const texts = await Promise.all(paths.map(read));
  return texts.flatMap((text) =>
    [...text.matchAll(MADE)].map(([, kind, name = '']) => ({
      name,
      parts: kind === 'histogram' ? HISTOGRAM_PARTS.map((part) => `${name}${part}`) : [],
    })),
  );
}

function metricsIn(query: string): readonly string[] {
  const bare = query
    .replaceAll(/\{[^}]*\}|\[[^\]]*\]/g, ' ')
    .replaceAll(/\b(?:by|without|on|ignoring|group_left|group_right) *\([^)]*\)/g, ' ');
  const names = [...bare.matchAll(/\b[a-z_]\w*\b(?! *\()/g)].map(([name]) => name);
  return names.filter((name) => !WORDS.has(name));
}

function read(path: string): Promise<string> {
  return readFile(join(ROOT, path), 'utf8');
}
