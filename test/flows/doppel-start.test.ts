import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import path from 'node:path';
import type { Knex } from 'knex';
import { openDatabase } from '../../src/db/database.ts';
import type { Demo } from '../../src/demo-file.ts';
import { fileStorage } from '../../src/storage/file-storage.ts';
import { storageFolderOf } from '../../src/storage/open-storage.ts';
import { isAlive, readRunFile, spawnDoppel, untilGone, type DoppelProcess } from '../support/doppel-process.ts';
import { assertWhole, cloneTimes, untilCompleted, untilInTheMiddle, type Caller } from '../support/flows.ts';
import { temporalTimeoutMs } from '../support/temporal-server.ts';
import { makeTemporaryFolder, removeTemporaryFolder } from '../support/temporary-folder.ts';

interface Running {
  doppel: DoppelProcess;
  demo: Demo;
  caller: Caller;
  database: Knex;
  /** Of the servers that it started. */
  serverPids: number[];
}

describe('doppel start', () => {
  let dataDir: string;
  let spawned: DoppelProcess[];
  let databases: Knex[];
  let pids: Set<number>;

  beforeEach(async () => {
    dataDir = await makeTemporaryFolder();
    spawned = [];
    databases = [];
    pids = new Set();
  });
  afterEach(async () => {
    await Promise.all(databases.map((database) => database.destroy()));
    for (const doppel of spawned) doppel.kill('SIGKILL');
    await Promise.all(spawned.map(({ exited }) => exited));
    for (const { pid } of (await readRunFile(dataDir))?.servers ?? []) pids.add(pid);
    for (const pid of pids) if (isAlive(pid)) process.kill(pid, 'SIGKILL');
    await untilGone([...pids]);
    await removeTemporaryFolder(dataDir);
  });

  function spawn(env: Record<string, string> = {}): DoppelProcess {
    const doppel = spawnDoppel(['start'], { cwd: dataDir, env: { DOPPEL_DATA_DIR: dataDir, PORT: '0', ...env } });
    spawned.push(doppel);
    return doppel;
  }

  async function start(): Promise<Running> {
    const doppel = spawn();
    await doppel.says(/Ready after/, temporalTimeoutMs);
    const demo = JSON.parse(await readFile(path.join(dataDir, 'demo.json'), 'utf8')) as Demo;
    const instance = await readRunFile(dataDir);
    const database = openDatabase(instance?.addresses['databaseUrl'] ?? '', { poolMax: 2 });
    databases.push(database);
    const serverPids = instance?.servers.map(({ pid }) => pid) ?? [];
    assert.equal(serverPids.length, 2);
    for (const pid of serverPids) pids.add(pid);
    return { doppel, demo, caller: { url: demo.apiUrl, key: demo.apiKey }, database, serverPids };
  }

  for (const [what, withServers] of [
    ['everything was killed', true],
    ['its process was killed and its servers were left behind', false],
  ] as const) {
    it(`goes on after ${what} in the middle of 50 clones: all are made, each once and whole`, async function () {
      this.timeout(temporalTimeoutMs);
      const first = await start();
      const jobIds = await cloneTimes(first.caller, first.demo.influencerId, 50);
      await untilInTheMiddle(first.database, jobIds);
      first.doppel.kill('SIGKILL');
      if (withServers) for (const pid of first.serverPids) process.kill(pid, 'SIGKILL');
      assert.equal(await first.doppel.exited, 'SIGKILL');
      await first.database.destroy();
      if (withServers) await untilGone(first.serverPids);
      else assert.ok(first.serverPids.every(isAlive));

      const second = await start();
      assert.equal(second.demo.influencerId, first.demo.influencerId);
      assert.equal(second.demo.apiKey, first.demo.apiKey);
      assert.ok(!first.serverPids.some(isAlive), 'a server of the killed start is still there');
      await untilCompleted(second.database, jobIds, 90_000);
      await assertWhole(second.database, jobIds, fileStorage(storageFolderOf(dataDir)));
    });
  }

  it('stops within 10 s on SIGINT and leaves no process; the next start finishes what was under way', async function () {
    this.timeout(temporalTimeoutMs);
    const first = await start();
    const jobIds = await cloneTimes(first.caller, first.demo.influencerId, 12);
    await untilInTheMiddle(first.database, jobIds);
    await first.database.destroy();
    const stoppedAt = performance.now();
    first.doppel.kill('SIGINT');
    assert.equal(await first.doppel.exited, 0, first.doppel.output());
    assert.ok(performance.now() - stoppedAt < 10_000);
    assert.deepEqual(first.serverPids.filter(isAlive), []);
    assert.equal(first.doppel.errors(), '');
    assert.equal(await readRunFile(dataDir), undefined);

    const second = await start();
    await untilCompleted(second.database, jobIds);
    await assertWhole(second.database, jobIds, fileStorage(storageFolderOf(dataDir)));
  });

  it('refuses a data folder that another living one has, in a sentence, and does not disturb it', async function () {
    this.timeout(temporalTimeoutMs);
    const first = await start();
    const second = spawn();
    assert.equal(await second.exited, 1);
    assert.match(
      second.errors(),
      new RegExp(`^The data folder .* is in use by .* process ${String(first.doppel.pid)}.*\n$`),
    );
    assert.ok(first.serverPids.every(isAlive));
    assert.equal((await fetch(`${first.demo.apiUrl}/readyz`)).status, 200);
  });

  it('says that its port is taken in a sentence, exits with 1 and leaves nothing running', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    try {
      const { port } = other.address() as AddressInfo;
      const doppel = spawn({ PORT: String(port) });
      assert.equal(await doppel.exited, 1);
      assert.match(doppel.errors(), new RegExp(`^Port ${String(port)} of 127\\.0\\.0\\.1 is taken: .*\n$`));
      assert.equal(await readRunFile(dataDir), undefined);
    } finally {
      other.close();
    }
  });
});
