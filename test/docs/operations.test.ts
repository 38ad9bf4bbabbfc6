import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { parser } from '@prometheus-io/lezer-promql';
import { parse } from 'yaml';
import { registry } from '../../src/metrics/metrics.ts';

const read = (name: string) => readFile(new URL(`../../${name}`, import.meta.url), 'utf8');

interface Rule {
  alert: string;
  expr: string;
  annotations: { summary: string };
}
interface Dashboard {
  panels: { title: string; targets?: { expr: string }[] }[];
}

async function rules(): Promise<Rule[]> {
  const { groups } = parse(await read('deploy/alerts.yml')) as { groups: { rules: Rule[] }[] };
  return groups.flatMap((group) => group.rules);
}

/** Every expression that alerts and dashboard ask Prometheus. */
async function expressions(): Promise<string[]> {
  const { panels } = JSON.parse(await read('deploy/grafana-dashboard.json')) as Dashboard;
  const asked = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
  assert.ok(asked.length > 15);
  return [
    ...(await rules()).map(({ expr }) => expr),
    ...asked.map((expr) => expr.replaceAll('$__rate_interval', '5m')),
  ];
}

/** The metrics of ours that a text names, as they are registered; what a dot follows is a module of Python. */
const ownIn = (text: string): string[] =>
  [...text.matchAll(/\bdoppel_[a-z_]+\b(?!\.)/g)].map(([name]) => name.replace(/_(bucket|count|sum)$/, ''));

describe('what operators are given', () => {
  it('is asked of Prometheus in expressions that it can read', async () => {
    for (const expression of await expressions()) {
      parser.parse(expression).iterate({
        enter: ({ type }) => {
          assert.ok(!type.isError, expression);
        },
      });
    }
  });

  it('names no metric of ours that is not there', async () => {
    const there = new Set(registry.getMetricsAsArray().map(({ name }) => name));
    const named = [...(await expressions()), await read('docs/operations.md')].flatMap(ownIn);
    assert.ok(named.length > 30);
    assert.deepEqual(
      named.filter((name) => !there.has(name)),
      [],
    );
  });

  it('says of every metric of ours what it is, and of every alert what to do', async () => {
    const page = await read('docs/operations.md');
    const told = new Set(ownIn(page));
    for (const { name } of registry.getMetricsAsArray()) {
      if (name.startsWith('doppel_')) assert.ok(told.has(name), `${name} is not in docs/operations.md`);
    }
    const headings = new Set([...page.matchAll(/^### (Doppel\w+)$/gm)].map(([, name]) => name));
    const alerts = (await rules()).map(({ alert }) => alert);
    assert.deepEqual([...headings].sort(), [...alerts].sort());
  });
});
