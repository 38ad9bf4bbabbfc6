import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { Browser, BrowserContext, BrowserContextOptions, Locator, Page } from 'playwright-core';
import type { AxeResults } from 'axe-core';
import type { RunningWorker } from '../../src/worker.ts';
import { createTenant, createTestKey, startTestApi, type Tenant, type TestApi } from '../support/api.ts';
import { chromiumTimeoutMs, startChromium } from '../support/chromium.ts';
import { until } from '../support/eventually.ts';
import { plainPicture, plainRenderer } from '../support/plain-renderer.ts';
import { answer, startScriptedServer, type ScriptedServer } from '../support/scripted-server.ts';
import { startTestTemporal, temporalTimeoutMs, type TestTemporal } from '../support/temporal-server.ts';
import { startTestWorker } from '../support/worker.ts';

/** How long a page may take for a step, in ms. */
const stepMs = 20_000;

describe('the console', () => {
  let temporal: TestTemporal;
  let api: TestApi;
  let worker: RunningWorker;
  let browser: Browser;
  let receiver: ScriptedServer;
  let tenant: Tenant;
  let context: BrowserContext;
  let page: Page;
  /** How many drawings may go on; more wait until a test lets them. */
  let drawings: Tickets;
  /** What a page must not do: errors in its console, and requests to other hosts. */
  let faults: string[];

  before(async function () {
    this.timeout(temporalTimeoutMs + chromiumTimeoutMs);
    drawings = tickets();
    temporal = await startTestTemporal();
    api = await startTestApi({ temporal: temporal.connect, webhooksAllowLocalhost: true });
    const renderer = plainRenderer((_, signal) => drawings.take(signal));
    worker = await startTestWorker(api, temporal, {
      renderers: { illustrated: renderer },
      webhooksAllowLocalhost: true,
    });
    browser = await startChromium();
    receiver = await startScriptedServer(answer(200));
  });
  after(async () => {
    await browser.close();
    await worker.close();
    await api.close();
    await temporal.close();
    await receiver.close();
  });

  const open = async (options: BrowserContextOptions = {}) => {
    context = await browser.newContext({ viewport: { width: 1280, height: 860 }, ...options });
    context.setDefaultTimeout(stepMs);
    page = await context.newPage();
    page.on('console', (message) => {
      if (message.type() === 'error') faults.push(message.text());
    });
    page.on('pageerror', (error) => faults.push(String(error)));
    page.on('request', (request) => {
      const url = new URL(request.url());
      if (url.protocol.startsWith('http') && url.origin !== api.url) faults.push(`asked ${url.origin}`);
    });
  };
  beforeEach(async () => {
    faults = [];
    tenant = await createTenant(api.database, { scopes: ['*', 'org:admin'] });
    await open();
  });
  afterEach(async () => {
    drawings.give(Infinity);
    await context.close();
  });

  const go = (path: string) => page.goto(`${api.url}/console${path}`);
  const button = (name: string): Locator => page.getByRole('button', { name, exact: true });
  const signIn = async (key = tenant.key) => {
    await go('/');
    await page.getByLabel('API key').fill(key);
    await button('Sign in').click();
    await page.getByRole('heading', { level: 1, name: 'Tests' }).waitFor();
  };
  const says = (text: string | RegExp): Promise<void> => page.getByText(text).first().waitFor();
  const isNow = (status: string): Promise<void> => page.locator('.page-head .status', { hasText: status }).waitFor();
  /** Waits until so many pictures of the job are shown. */
  const shows = (pictures: number): Promise<void> =>
    until(`${String(pictures)} pictures`, async () => (await page.locator('.shot img.there').count()) === pictures);
  /** Makes somebody, by the page, and gives the page's address of them. */
  const create = async (name: string): Promise<string> => {
    await page.getByRole('link', { name: 'New influencer' }).first().click();
    await page.getByLabel('Name').fill(name);
    await page.getByLabel('Vibe').fill('warm, playful');
    await button('Create influencer').click();
    await isNow('Completed');
    await page.getByRole('link', { name: `Look at ${name}` }).click();
    await isNow('Ready');
    return new URL(page.url()).pathname.replace('/console', '');
  };
  const clone = async (name: string, overrides: Record<string, string> = {}) => {
    await button('Clone').click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Name').fill(name);
    for (const [label, text] of Object.entries(overrides)) await dialog.getByLabel(label).fill(text);
    await dialog.getByRole('button', { name: 'Clone', exact: true }).click();
    await page.waitForURL(/\/jobs\//);
  };

  it('goes the whole way: a photo, a clone that is watched, a cancellation, a retry, a webhook sent again', async () => {
    await signIn();
    await page.getByRole('link', { name: 'Webhooks' }).click();
    await button('New endpoint').first().click();
    await page.getByLabel('URL').fill(`${receiver.url}/hook`);
    await button('Create endpoint').click();
    await says('This is the only time');
    await button('Done').click();

    await page.getByRole('link', { name: 'Influencers' }).click();
    await page.getByRole('link', { name: 'New influencer' }).first().click();
    await page.getByLabel('Name').fill('Ava Chen');
    await page.getByLabel('Vibe').fill('warm, playful');
    const photo = Buffer.from(await plainPicture('#aa5533', { width: 640, height: 640 })).toString('base64');
    const dropped = await page.evaluateHandle<object>(`(${fileTransfer})('${photo}')`);
    await page.dispatchEvent('section[aria-label="Photos"]', 'drop', { dataTransfer: dropped });
    await says('Ready');
    await button('Create influencer').click();
    await isNow('Completed');
    await shows(6);
    await page.getByRole('link', { name: 'Look at Ava Chen' }).click();
    await page.getByRole('button', { name: 'Look at Ava Chen, photo' }).first().waitFor();

    drawings.hold();
    await clone('Ava Chen (EU)', { Vibe: 'sharper', 'Hair color': 'black' });
    await isNow('Running');
    for (const pictures of [1, 2, 3]) {
      drawings.give(1);
      await shows(pictures);
    }
    drawings.give(Infinity);
    await isNow('Completed');
    await shows(6);
    await page.getByRole('link', { name: 'Side by side with its source' }).click();
    const row = page.getByRole('row', { name: 'Vibe' });
    assert.deepEqual(await row.getByRole('cell').allTextContents(), ['warm, playful', 'sharper']);
    assert.match((await row.getAttribute('class')) ?? '', /differs/);

    drawings.hold();
    await page.getByRole('table', { name: 'Images' }).getByRole('link', { name: 'Ava Chen (EU)' }).click();
    await clone('Ava Chen (US)');
    drawings.give(1);
    await shows(1);
    await button('Cancel').click();
    await isNow('Canceled');
    await button('Retry').click();
    await isNow('Running');
    drawings.give(Infinity);
    await isNow('Completed');
    await shows(6);
    await says(/attempt 2/);

    await page.getByRole('link', { name: 'Webhooks' }).click();
    await page.getByRole('link', { name: receiver.url }).click();
    await page.locator('.delivery .status', { hasText: 'Delivered' }).nth(2).waitFor();
    const hasRepeated = () => {
      const ids = receiver.asked.map(({ headers }) => headers['webhook-id']);
      return new Set(ids).size < ids.length;
    };
    assert.ok(!hasRepeated());
    await button('Redeliver').first().click();
    await until('a webhook that was sent before', hasRepeated);
    assert.deepEqual(faults, []);
  }).timeout(120_000);

  for (const colorScheme of ['light', 'dark'] as const) {
    it(`has nothing serious that would keep anybody out, on any page, ${colorScheme}, wide and narrow`, async () => {
      await context.close();
      await open({ colorScheme, reducedMotion: 'reduce' });
      await axeFinds(page, async () => {
        await go('/');
        await page.getByLabel('API key').waitFor();
      });
      await signIn();
      const person = await create('Ava Chen');
      await clone('Ava Chen (EU)', { Vibe: 'sharper' });
      await isNow('Completed');
      const job = new URL(page.url()).pathname.replace('/console', '');
      await page.getByRole('link', { name: 'Look at Ava Chen (EU)' }).click();
      await isNow('Ready');
      const ofClone = new URL(page.url()).pathname.replace('/console', '');
      const visits: [path: string, ready: () => Promise<unknown>][] = [
        ['/projects', () => says('Active')],
        [`/projects/${tenant.projectId}`, () => says('Ava Chen (EU)')],
        [`/projects/${tenant.projectId}/new`, () => says('Drop photos')],
        [person, () => says('Lineage')],
        [`${ofClone}/source`, () => says('The clone beside its source')],
        ['/jobs', () => says('Completed')],
        [job, () => shows(6)],
        ['/webhooks', () => says('Nobody is told yet')],
        ['/keys', () => says('this one')],
      ];
      for (const width of [1280, 390]) {
        await page.setViewportSize({ width, height: 844 });
        for (const [path, ready] of visits) {
          await axeFinds(page, async () => {
            await go(path);
            await ready();
          });
          const overflow = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
          assert.ok(overflow <= 0, `${path} is ${String(overflow)} px too wide at ${String(width)}`);
        }
        for (const [path, opening] of [
          [person, 'Clone'],
          [person, 'Edit'],
          ['/projects', 'New project'],
          ['/webhooks', 'New endpoint'],
          ['/keys', 'New key'],
        ] as const) {
          await axeFinds(page, async () => {
            await go(path);
            await button(opening).first().click();
            await page.getByRole('dialog').waitFor();
          });
        }
      }
      assert.deepEqual(faults, []);
    }).timeout(120_000);
  }

  it('keeps the key for its tab alone, and forgets it at the end', async () => {
    await signIn();
    await page.reload();
    await page.getByRole('heading', { level: 1, name: 'Tests' }).waitFor();
    const kept = await page.evaluate<string>('JSON.stringify({ ...localStorage }) + document.cookie');
    assert.ok(!kept.includes(tenant.key));
    const another = await context.newPage();
    await another.goto(`${api.url}/console/`);
    await another.getByLabel('API key').waitFor();
    await button('Sign out').click();
    await page.getByLabel('API key').waitFor();
    assert.equal(await page.evaluate('sessionStorage.length'), 0);
  });

  it('says what is wrong with a key, and signs out when the key is killed', async () => {
    await go('/');
    await page.getByLabel('API key').fill('lp_live_nobody');
    await button('Sign in').click();
    await page.getByRole('alert').waitFor();
    await signIn();
    const headers = { 'X-Api-Key': tenant.key };
    const { apiKeyId } = (await (await fetch(`${api.url}/v1/whoami`, { headers })).json()) as { apiKeyId: string };
    const killed = await fetch(`${api.url}/v1/api-keys/${apiKeyId}/kill`, { method: 'POST', headers });
    assert.equal(killed.status, 200);
    await until('the kill', async () => (await fetch(`${api.url}/v1/whoami`, { headers })).status === 503);
    await page.getByRole('link', { name: 'Jobs' }).click();
    await says(/Sign in again/);
  });

  it('holds what is typed against the API’s own rules before it is sent', async () => {
    await signIn();
    await create('Ava Chen');
    let sent = 0;
    page.on('request', (request) => {
      if (request.method() === 'POST') sent++;
    });
    await button('Clone').click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Hair color').fill('x'.repeat(65));
    await dialog.getByText('Hair color must not have more than 64 characters.').waitFor();
    await dialog.getByRole('button', { name: 'Clone', exact: true }).click();
    await dialog.locator(':focus').and(dialog.getByLabel('Hair color')).waitFor();
    assert.equal(sent, 0);
    await dialog.getByRole('button', { name: 'Revert' }).click();
    await dialog.getByText('An exact copy').waitFor();
    assert.deepEqual(faults, []);
  });

  it('saves what is changed of somebody, clears what is emptied, and refuses where somebody else was faster', async () => {
    await signIn();
    const person = await create('Ava Chen');
    const edit = async (label: string, text: string) => {
      await button('Edit').click();
      await page.getByRole('dialog').getByLabel(label, { exact: true }).fill(text);
    };
    await edit('Hair style', 'long wavy');
    await button('Save').click();
    await says('long wavy');
    await edit('Vibe', '');
    await button('Save').click();
    await page.getByText('warm, playful').waitFor({ state: 'detached' });
    const record = async () => {
      const url = `${api.url}/v1${person}`;
      return (await (await fetch(url, { headers: { 'X-Api-Key': tenant.key } })).json()) as Record<string, unknown>;
    };
    assert.deepEqual([(await record())['hairStyle'], (await record())['vibe']], ['long wavy', null]);

    await edit('Style', 'tailored');
    const headers = { 'X-Api-Key': tenant.key, 'Content-Type': 'application/json' };
    await fetch(`${api.url}/v1${person}`, { method: 'PATCH', headers, body: '{"style":"sporty"}' });
    await button('Save').click();
    await page.getByRole('alert').waitFor();
    assert.equal((await record())['style'], 'sporty');
  });

  it('offers nothing that the key may not do, and says so where there is nothing else', async () => {
    const key = await createTestKey(api.database, tenant.organizationId, {
      scopes: ['influencers:read', 'jobs:read', 'projects:read'],
    });
    await signIn(key);
    await says('Nobody here yet');
    assert.equal(await page.getByRole('link', { name: 'New influencer' }).count(), 0);
    assert.equal(await page.getByRole('link', { name: 'Webhooks' }).count(), 0);
    await page.getByRole('link', { name: 'Keys' }).click();
    await says('For administrators');
    assert.deepEqual(faults, []);
  });

  it('says that it is offline, and goes on when it is not', async () => {
    await signIn();
    await context.setOffline(true);
    await says(/You are offline/);
    await context.setOffline(false);
    await page.getByText(/You are offline/).waitFor({ state: 'detached' });
    await page.getByRole('link', { name: 'Jobs' }).click();
    await says('No job yet');
  });

  it('shows what a page shows that is not there, and the request that the operator can look for', async () => {
    await signIn();
    await go('/influencers/inf_01JMB9G3W6X5Q2R8T4V7Y0Z1AB');
    await says('Influencer not found.');
    await says(/^Request req_/);
  });

  it('runs no script and no style but its own, and is framed by nobody', async () => {
    const { headers } = await fetch(`${api.url}/console/jobs`);
    const policy = headers.get('content-security-policy') ?? '';
    assert.match(policy, /default-src 'none'; script-src 'self'; style-src 'self';/);
    assert.match(policy, /frame-ancestors 'none'/);
    assert.doesNotMatch(policy, /unsafe/);
  });
});

/** A file that is dragged, as a program for the page that makes it of base64. */
const fileTransfer = `(base64) => {
  const transfer = new DataTransfer();
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  transfer.items.add(new File([bytes], 'ava.webp', { type: 'image/webp' }));
  return transfer;
}`;

interface Tickets {
  /** Waits for one; rejects when it is aborted before. */
  take: (signal: AbortSignal) => Promise<void>;
  give: (number: number) => void;
  /** Takes all that are free. */
  hold: () => void;
}

function tickets(): Tickets {
  let free = Infinity;
  const waiting = new Set<() => void>();
  const serve = () => {
    for (const next of waiting) {
      if (free < 1) return;
      free--;
      waiting.delete(next);
      next();
    }
  };
  return {
    take: (signal) =>
      new Promise((resolve, reject) => {
        waiting.add(resolve);
        signal.addEventListener('abort', () => {
          waiting.delete(resolve);
          reject(signal.reason as Error);
        });
        serve();
      }),
    give(number) {
      free += number;
      serve();
    },
    hold() {
      free = 0;
    },
  };
}

const axeSource = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Goes somewhere, and asserts that axe finds nothing there that is serious or critical. */
async function axeFinds(page: Page, visit: () => Promise<void>): Promise<void> {
  await visit();
  await page.evaluate(axeSource);
  const { violations } = await page.evaluate<AxeResults>('axe.run()');
  const serious = violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' | ')}`);
  assert.deepEqual(serious, [], page.url());
}
