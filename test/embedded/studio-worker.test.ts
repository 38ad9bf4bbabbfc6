import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import {
  startStudioWorker,
  type StartStudioWorkerOptions,
  type StudioWorker,
} from '../../src/embedded/studio-worker.ts';
import { isAlive, untilGone } from '../support/doppel-process.ts';
import { eventually, until } from '../support/eventually.ts';
import { recordingLog } from '../support/log.ts';
import { writeProgram } from '../support/programs.ts';
import { startTestTemporal, temporalTimeoutMs, type TestTemporal } from '../support/temporal-server.ts';
import { makeTemporaryFolder, removeTemporaryFolder } from '../support/temporary-folder.ts';

interface Start {
  pid: number;
  drawingPid: number;
  env: Record<string, string>;
}

const script = fileURLToPath(new URL('./studio.script.ts', import.meta.url));
const startScript = fileURLToPath(new URL('./start-studio-worker.script.ts', import.meta.url));
const secret = 'a-secret-that-has-at-least-32-characters';

describe('startStudioWorker', () => {
  let temporal: TestTemporal;
  let dataDir: string;
  let running: StudioWorker[];
  let { log, lines } = recordingLog();

  before(async function () {
    this.timeout(temporalTimeoutMs);
    temporal = await startTestTemporal();
  });
  after(() => temporal.close());
  beforeEach(async () => {
    dataDir = await makeTemporaryFolder();
    running = [];
    ({ log, lines } = recordingLog());
    await mkdir(folder());
    const [node, loader] = [process.execPath, import.meta.resolve('tsx/esm')];
    await writeProgram(
      path.join(dataDir, 'python'),
      `test "$*" = '-m doppel_studio.worker' && exec '${node}' --import '${loader}' '${script}'`,
    );
  });
  afterEach(async () => {
    await Promise.all(running.map(({ stop }) => stop()));
    await untilGone((await starts()).flatMap(({ pid, drawingPid }) => [pid, drawingPid]));
    await removeTemporaryFolder(dataDir);
  });

  const folder = () => path.join(dataDir, 'studio');
  const plight = () => path.join(folder(), 'plight');

  async function starts(): Promise<Start[]> {
    const text = await readFile(path.join(folder(), 'starts'), 'utf8').catch(() => '');
    return text
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Start);
  }

  const options = () => ({
    studio: { python: path.join(dataDir, 'python'), program: '/program', assets: '/assets' },
    dataDir,
    apiUrl: 'http://127.0.0.1:1',
    drawerKeys: [
      { id: 'new', secret },
      { id: 'old', secret },
    ],
    quality: 'draft',
    temporal: temporal.connect,
    temporalEnv: {
      TEMPORAL_ADDRESS: String(temporal.connect.connectionOptions.address),
      TEMPORAL_NAMESPACE: 'default',
    },
    env: {
      PATH: process.env['PATH'],
      PYTHONHOME: '/elsewhere',
      DATABASE_URL: 'postgres://nobody',
      TEMPORAL_API_KEY: 'k',
    },
    pausesMs: [1, 20] as const,
  });

  async function start(more: Partial<StartStudioWorkerOptions> = {}): Promise<StudioWorker> {
    const worker = await startStudioWorker({ ...options(), log, ...more });
    running.push(worker);
    return worker;
  }

  it('is there once Temporal has seen it ask for work, with what it has to know and nothing else', async () => {
    const spawned: number[] = [];
    const worker = await start({
      temporal: { ...temporal.connect, codecKeys: [{ id: '1', secret }] },
      onSpawn: ({ pid }) => spawned.push(pid),
    });
    const [first] = await starts();
    assert.deepEqual([worker.pid(), spawned], [first?.pid, [first?.pid]]);
    const { PATH: _, PWD: __, SHLVL: ___, _: ____, OLDPWD: _____, ...env } = first?.env ?? {};
    assert.deepEqual(env, {
      LANG: 'C.UTF-8',
      HOME: folder(),
      PYTHONPATH: '/program',
      PYTHONUNBUFFERED: '1',
      DOPPEL_URL: 'http://127.0.0.1:1',
      DRAWER_KEYS: `new:${secret},old:${secret}`,
      CODEC_KEYS: `1:${secret}`,
      ...options().temporalEnv,
      STUDIO_ASSETS: '/assets',
      STUDIO_QUALITY: 'draft',
      STUDIO_PARENT_PIPE: '1',
    });
  });

  it('stops with all that it started', async () => {
    const worker = await start();
    const [first] = await starts();
    await worker.stop();
    assert.ok(!isAlive(worker.pid()));
    await untilGone([Number(first?.drawingPid)]);
    assert.equal((await starts()).length, 1);
  });

  it('is started again when it ends by itself, and what it left is ended', async () => {
    const worker = await start();
    const [first] = await starts();
    process.kill(worker.pid(), 'SIGKILL');
    await until('another one draws', () => worker.pid() !== first?.pid);
    await untilGone([Number(first?.drawingPid)]);
    assert.match(String(lines[0]?.['msg']), /^the studio was ended by SIGKILL; it is started again$/);
    await worker.stop();
    assert.equal((await starts()).length, 2);
  });

  it('is tried again and again while it cannot be started again', async () => {
    const worker = await start();
    const before = worker.pid();
    await writeFile(plight(), '');
    process.kill(before, 'SIGKILL');
    await until('it was tried three times', async () => (await starts()).length > 3);
    assert.match(JSON.stringify(lines), /could not be started again.*Studio ended with exit code 3.*no chair/);
    await rm(plight());
    await until('one draws', () => worker.pid() !== before);
    assert.ok(isAlive(worker.pid()));
  });

  it('stops while it is tried again', async () => {
    const worker = await start({ pausesMs: [600_000, 600_000] });
    process.kill(worker.pid(), 'SIGKILL');
    await until('it is waited', () => lines.length > 0);
    await worker.stop();
    assert.equal((await starts()).length, 1);
  });

  it('says with the end of its log why it cannot start, and what can be done', async () => {
    await writeFile(plight(), '');
    await assert.rejects(start(), (error: Error) => {
      assert.equal(error.name, 'StartError');
      assert.match(
        error.message,
        /^Studio ended with exit code 3 before it was ready; .*\/logs\/studio\.log ends with:/,
      );
      assert.match(
        error.message,
        /the studio has no chair\n.*RENDERER=illustrated.*\/studio and run "npm run studio:install"/,
      );
      return true;
    });
  });

  it('ends when whoever started it is killed', async () => {
    const parent = spawn(process.execPath, ['--import', 'tsx/esm', startScript, JSON.stringify(options())], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = once(parent, 'exit');
    try {
      const said = createInterface(parent.stdout)[Symbol.asyncIterator]();
      const pid = Number((await said.next()).value);
      assert.ok(isAlive(pid));
      parent.kill('SIGKILL');
      await ended;
      await untilGone([pid]);
    } finally {
      parent.kill('SIGKILL');
      // What a real studio ends by itself, since its pipes end too.
      const [first] = await eventually('it started', async () => ((await starts()).length > 0 ? starts() : undefined));
      if (first !== undefined && isAlive(first.drawingPid)) process.kill(first.drawingPid, 'SIGKILL');
    }
  });
});
