// The ledger of measurements, and the page that is made of it: of each row what was measured last, with its commit.

import { readFile, appendFile, writeFile } from 'node:fs/promises';
import { cpus, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { isReached, saidOf, type Result } from './row.ts';

export interface Recorded extends Result {
  row: number;
}

const fileOf = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** Adds what was measured at a commit, and writes the page anew. */
export async function record(commit: string, results: readonly Recorded[]): Promise<void> {
  const machine = `${String(cpus().length)} × ${cpus()[0]?.model ?? 'unknown'}, ${(totalmem() / 2 ** 30).toFixed(0)} GB`;
  const about = { at: new Date().toISOString(), commit, machine, node: process.version };
  const lines = results.map((result) => JSON.stringify({ ...about, ...result }));
  await appendFile(fileOf('results.jsonl'), `${lines.join('\n')}\n`);
  await writePage();
}

type Line = Recorded & { at: string; commit: string; machine: string; node: string };

async function writePage(): Promise<void> {
  const lines = (await readFile(fileOf('results.jsonl'), 'utf8'))
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line);
  const last = new Map(lines.map((line) => [`${String(line.row)} ${line.what}`, line]));
  const rows = [...last.values()].sort((one, other) => one.row - other.row);
  const page = [
    '# What was measured',
    '',
    'Written by `npm run bench`; see [docs/performance.md](../docs/performance.md).',
    '',
    '| # | what | measured | needed | | with | commit |',
    '| --- | --- | --- | --- | --- | --- | --- |',
    ...rows.map((line) => {
      const { row, what, detail, commit, machine, node } = line;
      const { measured, needed } = saidOf(line);
      const cells = [row, what, measured, needed, isReached(line) ? 'yes' : '**no**'];
      return `| ${[...cells, `${detail}; ${machine}, Node ${node}`, commit].map(String).join(' | ')} |`;
    }),
    '',
  ];
  await writeFile(fileOf('results.md'), page.join('\n'));
}
