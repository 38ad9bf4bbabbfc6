import assert from 'node:assert/strict';
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { endProcess } from '../../src/embedded/end-process.ts';
import { claimDataFolder, findLivingInstance, type Instance } from '../../src/embedded/instance-lock.ts';
import { identityOf, isRunning } from '../../src/embedded/process-identity.ts';
import { makeTemporaryFolder, removeTemporaryFolder } from '../support/temporary-folder.ts';

const script = fileURLToPath(new URL('./claim-data-folder.script.ts', import.meta.url));
const stopped = 'of a process that has ended';

describe('claimDataFolder', () => {
  let dataDir: string;
  let starts: { child: ChildProcessByStdio<Writable, Readable, null>; ask: (order: string) => Promise<string> }[];

  beforeEach(async () => {
    dataDir = await makeTemporaryFolder();
    starts = [];
  });
  afterEach(async () => {
    await Promise.all(
      starts.map(async ({ child }) => {
        if (child.exitCode !== null || child.signalCode !== null) return;
        const exit = once(child, 'exit');
        child.kill('SIGKILL');
        await exit;
      }),
    );
    await removeTemporaryFolder(dataDir);
  });

  const runFile = () => join(dataDir, 'run.json');
  const stopLog = () => join(dataDir, 'stops');

  async function startAnother() {
    const child = spawn(process.execPath, ['--import', 'tsx/esm', script, dataDir, stopLog()], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
    const answer = async () => {
      const line = await lines.next();
      return String(line.value);
    };
    const start = {
      child,
      ask: (order: string) => {
        child.stdin.write(`${order}\n`);
        return answer();
      },
    };
    starts.push(start);
    assert.equal(await answer(), 'here');
    return start;
  }

  const record = (changes: Partial<Instance>): Instance => ({
    id: randomUUID(),
    pid: process.pid,
    startTime: stopped,
    startedAt: new Date(0).toISOString(),
    servers: [],
    addresses: {},
    ...changes,
  });
  const writeRecord = (file: string, instance: Instance) => writeFile(file, JSON.stringify(instance));

  it('takes a folder that does not exist yet, and gives it back', async () => {
    const folder = join(dataDir, 'not/yet');
    const claim = await claimDataFolder(folder);
    assert.equal(findLivingInstance(folder)?.pid, process.pid);
    claim.release();
    assert.equal(findLivingInstance(folder), undefined);
    assert.deepEqual(await readdir(folder), []);
  });

  it('refuses a folder whose owner lives, naming its process and the folder', async () => {
    const other = await startAnother();
    assert.equal(await other.ask('claim'), 'claimed');
    await assert.rejects(claimDataFolder(dataDir), (error: Error) => {
      assert.equal(error.name, 'StartError');
      assert.match(
        error.message,
        new RegExp(`${dataDir} is in use by another Doppel, process ${String(other.child.pid)}:`),
      );
      return true;
    });
    assert.equal(findLivingInstance(dataDir)?.pid, other.child.pid);
  });

  it('does not take a process that now has the pid of a dead owner for that owner', async () => {
    await writeRecord(runFile(), record({ pid: process.pid }));
    assert.equal(findLivingInstance(dataDir), undefined);
    const claim = await claimDataFolder(dataDir);
    assert.equal(findLivingInstance(dataDir)?.pid, process.pid);
    claim.release();
  });

  it('stops what a killed owner left behind, last spawned first, and goes on', async () => {
    const killed = await startAnother();
    assert.equal(await killed.ask('claim'), 'claimed');
    for (const name of ['Postgres', 'Temporal']) assert.equal(await killed.ask(name), 'spawned');
    const exit = once(killed.child, 'exit');
    killed.child.kill('SIGKILL');
    await exit;
    const { servers } = JSON.parse(await readFile(runFile(), 'utf8')) as Instance;
    assert.deepEqual(servers.map(isRunning), [true, true]);

    const messages: string[] = [];
    const claim = await claimDataFolder(dataDir, { onProgress: (message) => messages.push(message) });
    assert.deepEqual(servers.map(isRunning), [false, false]);
    assert.equal(await readFile(stopLog(), 'utf8'), 'Temporal Postgres ');
    assert.match(messages.join(), /Stopping Temporal .*Stopping Postgres/);
    claim.release();
  });

  it('leaves a process alone that now has the pid of a recorded server', async () => {
    const bystander = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
    const pid = bystander.pid ?? 0;
    await writeRecord(
      runFile(),
      record({ servers: [{ name: 'Postgres', pid, startTime: stopped, stopSignal: 'SIGTERM' }] }),
    );
    const claim = await claimDataFolder(dataDir);
    assert.ok(isRunning(identityOf(pid)));
    claim.release();
    bystander.kill();
    await once(bystander, 'exit');
  });

  it('goes on where a start died while it took over from a dead one', async () => {
    const dead = record({});
    await writeRecord(runFile(), dead);
    await writeRecord(`${runFile()}.${dead.id}`, record({}));
    const claim = await claimDataFolder(dataDir);
    assert.deepEqual(await readdir(dataDir), ['run.json']);
    claim.release();
  });

  it('lets exactly one of several starts at one moment win, after a clean stop and after a kill', async () => {
    const all = await Promise.all(Array.from({ length: 6 }, startAnother));
    const compete = async () => {
      const answers = await Promise.all(all.map(({ ask }) => ask('claim')));
      assert.equal(answers.filter((answer) => answer === 'claimed').length, 1, answers.join('\n'));
      return answers.indexOf('claimed');
    };
    for (const leftBehind of [undefined, record({})]) {
      if (leftBehind !== undefined) await writeRecord(runFile(), leftBehind);
      const [winner] = all.splice(await compete(), 1);
      assert.ok(winner);
      const exit = once(winner.child, 'exit');
      winner.child.stdin.end();
      await exit;
    }
  });

  it('shows a second command where the living instance is to be found', async () => {
    const claim = await claimDataFolder(dataDir);
    claim.announce({ apiUrl: 'http://127.0.0.1:3000' });
    claim.announce({ databaseUrl: 'postgres://127.0.0.1:5432/doppel' });
    assert.deepEqual(findLivingInstance(dataDir)?.addresses, {
      apiUrl: 'http://127.0.0.1:3000',
      databaseUrl: 'postgres://127.0.0.1:5432/doppel',
    });
    claim.release();
  });
});

describe('endProcess', () => {
  it('kills a process that does not stop in time, and says so', async () => {
    const child = spawn(
      process.execPath,
      ['-e', "process.on('SIGTERM', () => {}); console.log('ready'); setInterval(() => {}, 1000)"],
      {
        stdio: ['ignore', 'pipe', 'ignore'],
      },
    );
    await once(child.stdout, 'data');
    assert.equal(await endProcess(identityOf(child.pid ?? 0), 'SIGTERM', 50), 'killed');
  });
});
