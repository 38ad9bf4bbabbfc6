// Pictures of the console for the README, light and dark, wide and narrow: `npm run console:screenshots`, beside a
// `WEBHOOKS_ALLOW_LOCALHOST=true npm start` in this folder that has nothing but the demo in it.

import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import type { Page } from 'playwright-core';
import sharp from 'sharp';
import { DoppelClient, type CreateInfluencer } from '../src/client/index.ts';
import { readConfig } from '../src/config.ts';
import { readDemo } from '../src/demo-file.ts';
import { startChromium } from '../test/support/chromium.ts';

const demo = await readDemo(readConfig(process.env).dataDir);
if (demo === null) throw new Error('Nothing runs here: `npm start` first.');
const { apiUrl, apiKey, projectId, influencerId } = demo;
const doppel = new DoppelClient({ baseUrl: apiUrl, apiKey });

const people: CreateInfluencer[] = [
  {
    name: 'Noor Haddad',
    gender: 'female',
    ageRange: '35-44',
    hairStyle: 'bun',
    style: 'tailored',
    vibe: 'calm, precise',
  },
  {
    name: 'Mateo Silva',
    gender: 'male',
    ageRange: '25-34',
    hairStyle: 'short curly',
    hairColor: 'black',
    vibe: 'cheerful',
  },
  { name: 'Ingrid Lund', gender: 'female', ageRange: '65-74', hairStyle: 'bob', vibe: 'dry, kind' },
  { name: 'Kofi Mensah', gender: 'male', ageRange: '45-54', ethnicity: 'Ghanaian', style: 'streetwear', vibe: 'bold' },
  { name: 'Robin Vale', gender: 'nonbinary', ageRange: '18-24', hairColor: 'pink', style: 'hoodies', vibe: 'playful' },
];
const receiver = createServer((socket) => {
  socket.on('error', () => undefined).end('HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n');
}).listen(0, '127.0.0.1');
await once(receiver, 'listening');
const endpoint = await doppel.webhookEndpoints.create({
  url: `http://127.0.0.1:${String((receiver.address() as AddressInfo).port)}/doppel`,
  events: ['job.completed', 'job.failed'],
  description: 'Billing',
});
for (const person of people) await doppel.jobs.wait(await doppel.influencers.create(projectId, person));
const clone = await doppel.influencers.clone(influencerId, {
  name: 'Ava Chen (EU)',
  overrides: { vibe: 'sharper, more deadpan', hairColor: 'black' },
});
await doppel.jobs.wait(clone);

const none = () => Promise.resolve();
const opening = (button: string) => async (page: Page) => {
  await page.getByRole('button', { name: button, exact: true }).first().click();
  await page.getByRole('dialog').waitFor();
};
const shown: [name: string, path: string, before: (page: Page) => Promise<void>][] = [
  ['gallery', `/projects/${projectId}`, none],
  ['influencer', `/influencers/${influencerId}`, none],
  [
    'clone',
    `/influencers/${influencerId}`,
    async (page) => {
      await opening('Clone')(page);
      await page.getByLabel('Hair color').fill('black');
      await page.getByLabel('Vibe').fill('sharper, more deadpan');
    },
  ],
  ['job', `/jobs/${clone.jobId}`, none],
  ['side-by-side', `/influencers/${clone.influencerId}/source`, none],
  ['new', `/projects/${projectId}/new`, none],
  ['jobs', '/jobs', none],
  ['webhook', `/webhooks/${endpoint.webhookEndpointId}`, none],
  ['webhooks', '/webhooks', none],
  ['keys', '/keys', none],
  ['projects', '/projects', none],
];

const folder = new URL('../docs/console/', import.meta.url);
await mkdir(folder, { recursive: true });
const browser = await startChromium();

async function picture(
  path: string,
  before: (page: Page) => Promise<void>,
  colorScheme: 'light' | 'dark',
  isNarrow: boolean,
) {
  const viewport = isNarrow ? { width: 390, height: 800 } : { width: 1280, height: 800 };
  const context = await browser.newContext({ colorScheme, viewport, reducedMotion: 'reduce' });
  if (path !== '') await context.addInitScript(`sessionStorage.setItem('doppel.apiKey', '${apiKey}')`);
  const page = await context.newPage();
  await page.goto(`${apiUrl}/console${path === '' ? '/' : path}`, { waitUntil: 'networkidle' });
  await before(page);
  await page.evaluate(
    'Promise.all([...document.images].filter((one) => one.loading !== "lazy").map((one) => one.decode()))',
  );
  const bytes = await page.screenshot();
  await context.close();
  return bytes;
}

const gap = 24;
for (const [name, path, before] of [['sign-in', '', none] as (typeof shown)[number], ...shown]) {
  const [wide, darkWide] = [await picture(path, before, 'light', false), await picture(path, before, 'dark', false)];
  const [narrow, darkNarrow] = [await picture(path, before, 'light', true), await picture(path, before, 'dark', true)];
  const parts = [wide, narrow, darkWide, darkNarrow].map((input, at) => ({
    input,
    left: gap + (at % 2) * (1280 + gap),
    top: gap + Math.floor(at / 2) * (800 + gap),
  }));
  const size = { width: 1280 + 390 + 3 * gap, height: 2 * 800 + 3 * gap };
  const sheet = await sharp({ create: { ...size, channels: 3, background: '#9a96a8' } })
    .composite(parts)
    .png()
    .toBuffer();
  await sharp(sheet)
    .resize({ width: 1200 })
    .webp({ quality: 82, effort: 6 })
    .toFile(new URL(`${name}.webp`, folder).pathname);
  console.log(`docs/console/${name}.webp`);
}
await browser.close();
receiver.close();
