// Holds package-lock.json to the rules of dependency-rules.ts: `npm run check:dependencies`.

import { readFile } from 'node:fs/promises';
import { dependencyFaults, type LockFile, type Manifest } from './dependency-faults.ts';

const read = async (name: string): Promise<unknown> =>
  JSON.parse(await readFile(new URL(`../${name}`, import.meta.url), 'utf8'));

const faults = dependencyFaults(
  (await read('package-lock.json')) as LockFile,
  (await read('package.json')) as Manifest,
);
for (const fault of faults) console.error(fault);
process.exitCode = faults.length === 0 ? 0 : 1;
