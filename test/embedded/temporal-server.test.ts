import assert from 'node:assert/strict';
import { chmod, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { defineSearchAttributeKey } from '@temporalio/common';
import { findTemporal, type TemporalBinary } from '../../src/embedded/find-temporal.ts';
import {
  startTemporalServer,
  type EmbeddedTemporal,
  type StartTemporalServerOptions,
} from '../../src/embedded/temporal-server.ts';
import { makeTemporaryFolder, removeTemporaryFolder } from '../support/temporary-folder.ts';

describe('startTemporalServer', () => {
  let binary: TemporalBinary;
  let dataDir: string;
  let running: EmbeddedTemporal[];

  before(async function () {
    // Where it has to be built first.
    this.timeout('10 min');
    binary = await findTemporal({
      env: process.env,
      onProgress: (message) => {
        process.stdout.write(`    ${message}\n`); // it takes minutes where it has to be built
      },
    });
  });
  beforeEach(async () => {
    dataDir = await makeTemporaryFolder();
    running = [];
  });
  afterEach(async () => {
    await Promise.all(running.map((server) => server.stop()));
    await removeTemporaryFolder(dataDir);
  });

  async function start(options: Partial<StartTemporalServerOptions> = {}) {
    const server = await startTemporalServer({ binary, dataDir, onProgress: () => undefined, ...options });
    running.push(server);
    return server;
  }

  async function withClient<Result>(
    { address, namespace }: EmbeddedTemporal,
    use: (client: Client) => Promise<Result>,
  ) {
    const connection = await Connection.connect({ address });
    try {
      return await use(new Client({ connection, namespace }));
    } finally {
      await connection.close();
    }
  }

  const searchAttributes = { OrganizationId: 'Keyword', Stage: 'Keyword' };

  it('knows its workflows and answers at the same address after a kill and a restart', async () => {
    const first = await start({ searchAttributes });
    await withClient(first, ({ workflow }) =>
      workflow.start('kept', {
        workflowId: 'kept-1',
        taskQueue: 'nobody',
        args: [],
        typedSearchAttributes: [{ key: defineSearchAttributeKey('OrganizationId', 'KEYWORD'), value: 'org_1' }],
      }),
    );
    process.kill(first.pid, 'SIGKILL');
    assert.equal(await first.exited, 'was ended by SIGKILL');

    const second = await start({ searchAttributes, ports: first.ports });
    assert.equal(second.address, first.address);
    const found = await withClient(second, async ({ workflow }) => {
      const { status } = await workflow.getHandle('kept-1').describe();
      const listed: string[] = [];
      for await (const { workflowId } of workflow.list({ query: "OrganizationId = 'org_1'" })) listed.push(workflowId);
      return [status.name, listed];
    });
    assert.deepEqual(found, ['RUNNING', ['kept-1']]);
    await second.stop();
    assert.equal(await second.exited, 'ended with exit code 0');
  });

  it('serves its web interface', async () => {
    const { uiUrl } = await start();
    const response = await fetch(uiUrl);
    assert.equal(response.status, 200);
    assert.match(await response.text(), /<html/);
  });

  it('refuses files of another server version, saying which versions they are and what to do', async () => {
    await mkdir(join(dataDir, 'temporal'));
    await writeFile(join(dataDir, 'temporal/server-version'), '1.9.3\n');
    await assert.rejects(start(), {
      name: 'StartError',
      message: /written by Temporal server 1\.9\.3 and this is 1\.\d+\.\d+, .* "mv .*temporal .*temporal-1\.9\.3"/,
    });
  });

  it('begins anew where a first start was killed while it made its file', async () => {
    await mkdir(join(dataDir, 'temporal'));
    await writeFile(join(dataDir, 'temporal/temporal.db'), '');
    await start();
    assert.ok((await readdir(join(dataDir, 'temporal'))).includes('server-version'));
  });

  it('shows the end of the log when the server gives up', async () => {
    const path = join(dataDir, 'temporal-that-fails');
    await writeFile(path, '#!/bin/sh\necho no such flag\nexit 3\n');
    await chmod(path, 0o755);
    await assert.rejects(start({ binary: { path, serverVersion: '1.29.1' } }), {
      name: 'StartError',
      message: /Temporal ended with exit code 3 before it was ready;[^]*no such flag/,
    });
    await rm(path);
    await assert.rejects(start({ binary: { path, serverVersion: '1.29.1' } }), {
      name: 'StartError',
      message: /Temporal cannot be started from .*temporal-that-fails/,
    });
  });

  it('is stopped when the start is called off', async () => {
    const calledOff = new AbortController();
    let pid = 0;
    const starting = start({
      signal: calledOff.signal,
      onSpawn: (server) => {
        ({ pid } = server);
        calledOff.abort(new Error('called off'));
      },
    });
    await assert.rejects(starting, /called off/);
    assert.throws(() => process.kill(pid, 0), /ESRCH/);
  });
});
