import assert from 'node:assert/strict';
import { access, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Demo } from '../../src/demo-file.ts';
import { ownProgram, partsOf, pythonOf } from '../../src/studio/installed-studio.ts';
import { call } from '../support/api.ts';
import { isAlive, readRunFile, spawnDoppel, untilGone, type DoppelProcess } from '../support/doppel-process.ts';
import { untilStatus } from '../support/flows.ts';
import { plainPicture } from '../support/plain-renderer.ts';
import { writeProgram } from '../support/programs.ts';
import { temporalTimeoutMs } from '../support/temporal-server.ts';
import { makeTemporaryFolder, removeTemporaryFolder } from '../support/temporary-folder.ts';

const script = fileURLToPath(new URL('./started-studio.script.ts', import.meta.url));

describe('doppel with the studio installed', () => {
  let dataDir: string;
  let spawned: DoppelProcess[];

  beforeEach(async () => {
    dataDir = await makeTemporaryFolder();
    spawned = [];
    const { environment, assets } = await partsOf(dataDir, ownProgram());
    await mkdir(path.dirname(pythonOf(environment)), { recursive: true });
    await mkdir(assets.folder);
    const [node, loader] = [process.execPath, import.meta.resolve('tsx/esm')];
    await writeProgram(pythonOf(environment), `exec '${node}' --import '${loader}' '${script}'`);
    for (const { marker } of [environment, assets]) await writeFile(marker, '');
  });
  afterEach(async () => {
    const pids = ((await readRunFile(dataDir))?.servers ?? []).map(({ pid }) => pid);
    for (const doppel of spawned) doppel.kill('SIGKILL');
    await Promise.all(spawned.map(({ exited }) => exited));
    for (const pid of pids) if (isAlive(pid)) process.kill(pid, 'SIGKILL');
    await untilGone(pids);
    await removeTemporaryFolder(dataDir);
  });

  function spawn(command: string, env: Record<string, string> = {}): DoppelProcess {
    const doppel = spawnDoppel([command], { cwd: dataDir, env: { DOPPEL_DATA_DIR: dataDir, PORT: '0', ...env } });
    spawned.push(doppel);
    return doppel;
  }
  const letPaint = () => writeFile(path.join(dataDir, 'studio/paints'), '');
  const readDemo = async () => JSON.parse(await readFile(path.join(dataDir, 'demo.json'), 'utf8')) as Demo;

  it('draws the demo with it, shows each picture as it comes and how long all took, and leaves nothing', async function () {
    this.timeout(temporalTimeoutMs);
    const demo = spawn('demo');
    await demo.says(/Ava Chen is drawn first\n/, temporalTimeoutMs);
    await letPaint();
    assert.equal(await demo.exited, 0, demo.output());
    assert.match(demo.output(), /Ava Chen is drawn first\n[^]*, 6 of 6, after [\d.]+ s\n[^]*All of it took [\d.]+ s/);
    assert.match(demo.output(), /Cloning Ava Chen[^]*, 1 of 6, after[^]*, 6 of 6, after[^]*All of it took/);
    await access(path.join(dataDir, 'demo/contact-sheet.png'));
    assert.equal((await readDemo()).renderer, 'studio');
    assert.equal(await readRunFile(dataDir), undefined);
  });

  it('draws with it what live keys ask for, and stops it with everything else', async function () {
    this.timeout(temporalTimeoutMs);
    const first = spawn('start', { RENDERER: 'illustrated' });
    await first.says(/Renderer +illustrated\n/, temporalTimeoutMs);
    const illustrated = await readDemo();
    first.kill('SIGINT');
    assert.equal(await first.exited, 0, first.output());

    await letPaint();
    const second = spawn('start');
    await second.says(/Renderer +studio\n/, temporalTimeoutMs);
    const { apiUrl: url, apiKey: key, testApiKey, influencerId, testInfluencerId } = await readDemo();
    assert.notEqual(influencerId, illustrated.influencerId); // drawn anew, by the one that draws its clones
    const person = await untilStatus({ url, key }, `/v1/influencers/${influencerId}`, 'ready');
    const clone = await call(`${url}/v1/influencers/${testInfluencerId}/clone`, {
      key: testApiKey,
      body: { name: 'A' },
    });
    const cloned = await untilStatus(
      { url, key: testApiKey },
      `/v1/influencers/${String(clone.body.influencerId)}`,
      'ready',
    );
    const isPlain = async ({ referenceImages }: typeof person) => {
      const [{ url: image }] = referenceImages as [{ url: string }];
      return Buffer.from(await (await fetch(image)).arrayBuffer()).equals(await plainPicture('#336699'));
    };
    assert.deepEqual([await isPlain(person), await isPlain(cloned)], [true, false]);

    const pids = (await readRunFile(dataDir))?.servers.map(({ pid }) => pid) ?? [];
    assert.equal(pids.length, 3);
    const stoppedAt = performance.now();
    second.kill('SIGINT');
    assert.equal(await second.exited, 0, second.output());
    assert.ok(performance.now() - stoppedAt < 10_000);
    assert.deepEqual(pids.filter(isAlive), []);
  });
});
