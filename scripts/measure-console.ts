// How soon the console shows something, on a processor that is slowed four times, and how much script that takes:
// `npm run console:measure`, beside an `npm start` in this folder. Ends with 1 where either is too much.

import { readdir, readFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { readConfig } from '../src/config.ts';
import { readDemo } from '../src/demo-file.ts';
import { startChromium } from '../test/support/chromium.ts';

const limits = { paintMs: 1_000, scriptBytes: 150_000 };
const [slowedBy, visits] = [4, 9];

const demo = await readDemo(readConfig(process.env).dataDir);
if (demo === null) throw new Error('Nothing runs here: `npm start` first.');

const assets = new URL('../dist/console/assets/', import.meta.url);
const scripts = (await readdir(assets)).filter((name) => name.endsWith('.js'));
const sizes = await Promise.all(scripts.map(async (name) => gzipSync(await readFile(new URL(name, assets))).length));
const scriptBytes = sizes.reduce((sum, size) => sum + size, 0);
console.log(`script, with gzip: ${(scriptBytes / 1_000).toFixed(1)} KB, of ${String(limits.scriptBytes / 1_000)}`);

const browser = await startChromium();

/** The median of first contentful paints of a page, each in a browser that has never seen it, in ms. */
async function paintMs(path: string, apiKey: string | null): Promise<number> {
  const paints: number[] = [];
  for (let visit = 0; visit < visits; visit++) {
    const context = await browser.newContext();
    // Only on the console's own pages: another one has no storage.
    if (apiKey !== null) await context.addInitScript(`sessionStorage.setItem('doppel.apiKey', '${apiKey}')`);
    const page = await context.newPage();
    const session = await context.newCDPSession(page);
    await session.send('Emulation.setCPUThrottlingRate', { rate: slowedBy });
    await page.goto(`${demo?.apiUrl ?? ''}/console${path}`, { waitUntil: 'networkidle' });
    await page.waitForFunction(`performance.getEntriesByName('first-contentful-paint').length > 0`);
    paints.push(await page.evaluate<number>(`performance.getEntriesByName('first-contentful-paint')[0].startTime`));
    await context.close();
  }
  return paints.sort((a, b) => a - b)[Math.floor(visits / 2)] ?? NaN;
}

let slowest = 0;
for (const [name, path, key] of [
  ['signing in', '/', null],
  ['the gallery', `/projects/${demo.projectId}`, demo.apiKey],
  ['an influencer', `/influencers/${demo.influencerId}`, demo.apiKey],
] as const) {
  const ms = await paintMs(path, key);
  slowest = Math.max(slowest, ms);
  console.log(`first contentful paint of ${name}: ${ms.toFixed(0)} ms, of ${String(limits.paintMs)}`);
}
await browser.close();
if (slowest >= limits.paintMs || scriptBytes >= limits.scriptBytes) process.exitCode = 1;
