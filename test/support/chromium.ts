// A real browser for tests of pages: the Chromium of this machine, fetched from its packages where there is none.

import { execFile } from 'node:child_process';
import { access } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { chromium, type Browser } from 'playwright-core';

const run = promisify(execFile);

/** How long it may take to fetch one, in ms. */
export const chromiumTimeoutMs = 300_000;

const isThere = (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  );

async function findChromium(): Promise<string | undefined> {
  const folders = (process.env['PATH'] ?? '').split(path.delimiter);
  const names = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'];
  const places = names.flatMap((name) => folders.map((folder) => path.join(folder, name)));
  for (const file of [chromium.executablePath(), ...places]) if (await isThere(file)) return file;
  return undefined;
}

async function installChromium(): Promise<void> {
  try {
    await run('apt-get', ['update', '-qq']);
    await run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'chromium']);
  } catch (cause) {
    throw new Error('No Chromium on PATH, and none to be had from Debian’s packages: install one, or Chrome.', {
      cause,
    });
  }
}

/** Starts a browser that asks nobody but the page's own host for anything. */
export async function startChromium(): Promise<Browser> {
  let executablePath = await findChromium();
  if (executablePath === undefined) {
    await installChromium();
    executablePath = await findChromium();
  }
  if (executablePath === undefined) throw new Error('Chromium was installed, but is not on PATH.');
  return chromium.launch({
    executablePath,
    args: [
      '--no-sandbox',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--no-first-run',
    ],
  });
}
