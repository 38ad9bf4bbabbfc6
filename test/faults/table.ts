// Makes the tables of docs/reliability.md from the ledgers: `npm run faults:table`.

import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { readCrossings } from './crossings.ts';
import { faults } from './faults.ts';
import { measuredRows } from './measures/measured-rows.ts';
import { plants } from './planted.ts';

interface Line {
  seed: number;
  plant?: string;
  /** What holds the bug now that this run found, written by hand: the run is counted no more. */
  mended?: string;
  faults: number[];
  injected: number;
  jobs: number;
  lost: number;
  doubled: number;
  stuck: number;
  wrong: number;
}

const page = fileURLToPath(new URL('../../docs/reliability.md', import.meta.url));
const ledger = await readFile(new URL('ledger.jsonl', import.meta.url), 'utf8');
const lines = ledger
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => JSON.parse(line) as Line);
const clean = lines.filter(({ plant, mended }) => plant === undefined && mended === undefined);

const sum = (of: readonly Line[], field: 'injected' | 'jobs' | 'lost' | 'doubled' | 'stuck' | 'wrong') =>
  of.reduce((total, line) => total + line[field], 0);
const row = (title: string, of: readonly Line[], command: string) =>
  `| ${title} | ${String(of.length)} | ${String(sum(of, 'injected'))} | ${String(sum(of, 'jobs'))} | ${(['lost', 'doubled', 'stuck', 'wrong'] as const).map((field) => String(sum(of, field))).join(' / ')} | \`${command}\` |`;
const seedOf = (of: readonly Line[]) => String(of.at(-1)?.seed ?? 1);

const alone = faults.map(({ number, name }) => {
  const of = clean.filter(({ faults: own }) => own[0] === number && (own.length === 1 || number === 0));
  return row(
    `(${String(number)}) ${name}`,
    of,
    `npm run faults -- --fault ${String(number)} --seed ${seedOf(of)} --jobs 500`,
  );
});
const mixed = clean.filter(({ faults: own }) => own.length > 1 && !own.includes(0));
const found = Object.keys(plants).map((name) => {
  const of = lines.filter(({ plant }) => plant === name);
  const caught = of.filter((line) => line.lost + line.doubled + line.stuck + line.wrong > 0);
  return `| ${name} | ${String(of.length)} | ${String(caught.length)} | \`npm run faults -- --plant ${name} --jobs 100\` |`;
});

const made = [
  '| fault | runs | injected | jobs | lost / doubled / stuck / wrong | again |',
  '| --- | --- | --- | --- | --- | --- |',
  ...alone,
  row('three at once, from a seed', mixed, `npm run faults -- --seed ${seedOf(mixed)} --minutes 5`),
  '',
  '| planted bug | runs | found in | again |',
  '| --- | --- | --- | --- |',
  ...found,
].join('\n');
const enough = 50;
const crossings = [...(await readCrossings())].sort(([, one], [, other]) => one - other);
const rare = crossings.filter(([, times]) => times < enough);
const killed = [
  `Processes were killed at ${String(crossings.length)} crossings, ${String(crossings.reduce((all, [, times]) => all + times, 0))} times in all;`,
  `at ${String(crossings.length - rare.length)} of them ${String(enough)} times or more.`,
  ...(rare.length === 0 ? [] : ['The others:', '', ...rare.map(([name, times]) => `- \`${name}\`: ${String(times)}`)]),
].join('\n');
const measures = await readFile(new URL('measures.jsonl', import.meta.url), 'utf8').catch(() => '');
const measured = [
  '| promise | runs | held | found | again |',
  '| --- | --- | --- | --- | --- |',
  ...measuredRows(measures),
].join('\n');

let text = await readFile(page, 'utf8');
for (const [name, content] of [
  ['table', made],
  ['crossings', killed],
  ['measures', measured],
] as const) {
  text = text.replace(
    new RegExp(`(<!-- ${name} -->)[^]*(<!-- /${name} -->)`),
    (_, before: string, after: string) => `${before}\n\n${content}\n\n${after}`,
  );
}
await writeFile(page, text);
