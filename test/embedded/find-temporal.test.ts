import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findTemporal, pinnedCliVersion, type FindTemporalOptions } from '../../src/embedded/find-temporal.ts';
import { makePath, writeProgram } from '../support/programs.ts';
import { makeTemporaryFolder, removeTemporaryFolder } from '../support/temporary-folder.ts';

describe('findTemporal', () => {
  let folder: string;
  let path: string;
  let cache: string;
  let site: Server | undefined;
  let messages: string[];

  beforeEach(async () => {
    folder = await makeTemporaryFolder();
    path = join(folder, 'bin');
    cache = join(folder, 'cache');
    messages = [];
    await makePath(path, ['tar', 'gzip']); // what unpacking needs
  });
  afterEach(async () => {
    site?.closeAllConnections();
    site?.close();
    site = undefined;
    await removeTemporaryFolder(folder);
  });

  const find = (options: Partial<FindTemporalOptions> = {}) =>
    findTemporal({
      env: { PATH: path, XDG_CACHE_HOME: cache },
      onProgress: (message) => messages.push(message),
      fetch: () => Promise.reject(new TypeError('fetch failed', { cause: new Error('nobody is dialled') })),
      ...options,
    });

  const cached = () => join(cache, `doppel/temporal-${pinnedCliVersion}/temporal`);
  const programOf = (cli: string, server: string) => `echo 'temporal version ${cli} (Server ${server}, UI 2.42.1)'`;

  async function putIntoCache(cli = pinnedCliVersion): Promise<void> {
    await mkdir(join(cached(), '..'), { recursive: true });
    await writeProgram(cached(), programOf(cli, '1.29.1'));
  }

  async function archiveOf(cli: string): Promise<Buffer> {
    const content = join(folder, 'archive');
    await mkdir(content, { recursive: true });
    await writeProgram(join(content, 'temporal'), programOf(cli, '1.29.1'));
    await writeFile(join(content, 'LICENSE'), '');
    const file = join(folder, 'archive.tar.gz');
    await promisify(execFile)('tar', ['-czf', file, '-C', content, 'LICENSE', 'temporal']);
    return readFile(file);
  }

  /** Serves what Temporal's site would, on this machine. */
  async function serve(listener: RequestListener): Promise<Partial<FindTemporalOptions>> {
    site = createServer(listener).listen(0, '127.0.0.1');
    await once(site, 'listening');
    const { port } = site.address() as AddressInfo;
    return { fetch, downloadFrom: `http://127.0.0.1:${String(port)}/cli/archive/` };
  }

  const putGoOnPath = (script: string) => writeProgram(join(path, 'go'), script);
  const goThatBuilds = (cli: string) =>
    `echo "$@" > '${folder}/go-arguments'
     printf '%s\\n' '#!/bin/sh' "echo 'temporal version ${cli} (Server 1.29.1, UI 2.42.1)'" > "$GOBIN/temporal"
     PATH=/usr/bin:/bin chmod +x "$GOBIN/temporal"`;

  it('takes the installed one first', async () => {
    await writeProgram(join(path, 'temporal'), programOf('1.6.0', '1.30.2'));
    await putIntoCache();
    assert.deepEqual(await find(), { path: join(path, 'temporal'), serverVersion: '1.30.2' });
  });

  it('leaves out an installed one that is too old or does not run, and says so', async () => {
    await putIntoCache();
    for (const [program, why] of [
      [programOf('1.1.0', '1.9.9'), /Leaving out .*: its server is 1\.9\.9, older than/],
      ['exit 1', /Leaving out .*: it does not tell its version/],
    ] as const) {
      messages.length = 0;
      await writeProgram(join(path, 'temporal'), program);
      assert.equal((await find()).path, cached());
      assert.match(messages.join('\n'), why);
    }
  });

  it('takes one that was fetched before without asking anyone', async () => {
    await putIntoCache();
    assert.deepEqual(await find(), { path: cached(), serverVersion: '1.29.1' });
    assert.deepEqual(messages, []);
  });

  it('downloads the pinned version where none is there, showing how far it is', async () => {
    const archive = await archiveOf(pinnedCliVersion);
    const asked: (string | undefined)[] = [];
    const options = await serve((request, response) => {
      asked.push(request.url);
      response.writeHead(200, { 'content-length': archive.length }).end(archive);
    });
    await putGoOnPath('exit 1');
    assert.deepEqual(await find(options), { path: cached(), serverVersion: '1.29.1' });
    assert.match(
      String(asked[0]),
      new RegExp(`^/cli/archive/v${pinnedCliVersion}\\?platform=${process.platform}&arch=(amd64|arm64)$`),
    );
    assert.match(messages.join('\n'), /0\.0 of 0\.0 MB/);
    assert.deepEqual(await readdir(join(cached(), '..')), ['temporal']);

    await find();
    assert.equal(asked.length, 1);
  });

  it('fetches anew where the one fetched before does not run', async () => {
    await putIntoCache();
    await writeFile(cached(), '');
    const archive = await archiveOf(pinnedCliVersion);
    assert.equal((await find(await serve((_, response) => response.end(archive)))).path, cached());
  });

  it('lets two starts fetch at one moment', async () => {
    const archive = await archiveOf(pinnedCliVersion);
    const options = await serve((_, response) => response.end(archive));
    const found = await Promise.all([find(options), find(options)]);
    assert.deepEqual(found[0], found[1]);
    assert.deepEqual(await readdir(join(cached(), '..')), ['temporal']);
  });

  it('builds with Go where the download cannot be reached, saying that it takes minutes', async () => {
    await putGoOnPath(goThatBuilds(pinnedCliVersion));
    assert.deepEqual(await find(), { path: cached(), serverVersion: '1.29.1' });
    assert.match(messages.join('\n'), /by download: nobody is dialled\n.*3 to 4 minutes/);
    assert.match(
      await readFile(join(folder, 'go-arguments'), 'utf8'),
      new RegExp(`^install -ldflags .* github.com/temporalio/cli/cmd/temporal@v${pinnedCliVersion}\n$`),
    );
  });

  it('builds with Go where the download is refused, broken or another version', async () => {
    await putGoOnPath(goThatBuilds(pinnedCliVersion));
    const otherVersion = await archiveOf('1.4.0');
    const broken: [RequestListener, RegExp][] = [
      [(_, response) => response.writeHead(403).end(), /answered 403/],
      [(_, response) => response.end('<html>'), /by download: /],
      [
        (_, response) => response.writeHead(200, { 'content-length': 9 }).write('1', () => response.destroy()),
        /by download: /,
      ],
      [(_, response) => response.end(otherVersion), /it is version 1\.4\.0/],
    ];
    for (const [listener, why] of broken) {
      messages.length = 0;
      cache = join(cache, 'next');
      assert.equal((await find(await serve(listener))).path, cached());
      assert.match(messages.join('\n'), why);
      site?.close();
    }
  });

  it('names each way and what to do where all of them fail, leaving nothing half-fetched', async () => {
    await assert.rejects(find(), {
      name: 'StartError',
      message:
        /download failed \(nobody is dialled\), building with Go failed \(there is no go on PATH\).*TEMPORAL_ADDRESS/,
    });
    await putGoOnPath("echo 'warning' >&2; echo 'no such module' >&2; exit 1");
    await assert.rejects(find(), /building with Go failed \(go install: no such module\)/);
    assert.deepEqual(await readdir(join(cached(), '..')), []);
  });

  it('stops fetching when the start is called off', async () => {
    const calledOff = new AbortController();
    const options = await serve(() => {
      calledOff.abort(new Error('called off'));
    });
    await assert.rejects(find({ ...options, signal: calledOff.signal }), /called off/);
    await assert.rejects(access(cached()));
  });
});
