import assert from 'node:assert/strict';
import { readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Environment } from '../../src/cli/account.ts';
import type { Influencer, Job } from '../../src/client/index.ts';
import type { RunningWorker } from '../../src/worker.ts';
import { createTenant, createTestProject, startTestApi, type Tenant, type TestApi } from '../support/api.ts';
import { run, type RunOptions } from '../support/command-line.ts';
import { spawnDoppel } from '../support/doppel-process.ts';
import { answer, startScriptedServer } from '../support/scripted-server.ts';
import { startTestTemporal, temporalTimeoutMs, type TestTemporal } from '../support/temporal-server.ts';
import { makeTemporaryFolder, removeTemporaryFolder } from '../support/temporary-folder.ts';
import { startTestWorker } from '../support/worker.ts';

describe('the command line, for callers', () => {
  let temporal: TestTemporal;
  let api: TestApi;
  let worker: RunningWorker;
  let tenant: Tenant;
  let folder: string;
  let environment: Environment;

  before(async function () {
    this.timeout(temporalTimeoutMs);
    temporal = await startTestTemporal();
    api = await startTestApi({ temporal: temporal.connect });
    worker = await startTestWorker(api, temporal);
  });
  after(async () => {
    await worker.close();
    await api.close();
    await temporal.close();
  });
  beforeEach(async () => {
    folder = await makeTemporaryFolder();
    tenant = await createTenant(api.database, { environment: 'test' });
    environment = { DOPPEL_URL: api.url, DOPPEL_API_KEY: tenant.key, XDG_CONFIG_HOME: folder };
  });
  afterEach(() => removeTemporaryFolder(folder));

  const doppel = (args: string | readonly string[], options: Partial<RunOptions> = {}) =>
    run(typeof args === 'string' ? args.split(' ') : args, { environment, ...options });
  const asJson = async <Answer>(args: string): Promise<Answer> => {
    const { code, stdout, stderr } = await doppel(`${args} --json`);
    assert.equal(code, 0, stderr);
    return JSON.parse(stdout) as Answer;
  };
  const created = async (): Promise<string> => {
    const { influencerId } = await asJson<Job>('influencers create --name Ava --vibe warm --wait');
    return influencerId;
  };

  it('creates and clones with what is changed, and waits: tells how far it is, and where the images are', async () => {
    const sourceId = await created();
    const done = await doppel([
      ...['influencers', 'clone', sourceId, '--name', 'Ava (EU)', '--vibe', 'sharper, more deadpan'],
      ...['--personality', '{"tone":"dry"}', '--wait', '--download', path.join(folder, 'images')],
    ]);
    assert.equal(done.code, 0, done.stderr);
    assert.match(done.stderr, /█+ (rendering|finalizing|completed), \d of 6 images/);
    const [head = '', ...files] = done.stdout.trim().split('\n');
    const influencerId = /^(inf_\w+) is completed$/.exec(head)?.[1] ?? '';
    assert.equal(files.length, 6);
    for (const file of files) assert.ok((await stat(file.trim())).size > 1_000);

    const clone = await asJson<Influencer>(`influencers get ${influencerId}`);
    assert.deepEqual(
      [clone.name, clone.vibe, clone.personality, clone.attributes.clonedFrom?.influencerId],
      ['Ava (EU)', 'sharper, more deadpan', { tone: 'dry' }, sourceId],
    );
    const listed = await asJson<Influencer[]>(`influencers list --cloned-from ${sourceId}`);
    assert.deepEqual(
      listed.map((one) => one.influencerId),
      [influencerId],
    );
  });

  it('ends with 1 where the job fails, and says what failed and how to try again', async () => {
    const { code, stdout, stderr } = await doppel('influencers create --name Ava --simulate fail_shot=2 --wait');
    assert.equal(code, 1);
    assert.match(stdout, /is failed/);
    const jobId = /doppel jobs retry (job_\w+) --wait/.exec(stderr)?.[1];
    assert.match(stderr, /three_quarter.*\(RENDER_FAILED\)/);
    const retried = await doppel(`jobs retry ${jobId ?? ''} --wait`);
    assert.deepEqual([retried.code, retried.stderr.includes('6 of 6 images')], [0, true]);
  });

  it('ends with 4 when it is interrupted, leaves the job alone, and says how to go on', async () => {
    const env = { ...environment } as Record<string, string>;
    const waiting = spawnDoppel(['influencers', 'create', '--name', 'Ava', '--simulate', 'delay_ms=4000', '--wait'], {
      cwd: folder,
      env,
    });
    await waiting.says(/0 of 6 images/);
    waiting.kill('SIGINT');
    assert.equal(await waiting.exited, 4);
    const [, command = ''] = /doppel (jobs watch job_\w+)/.exec(waiting.errors()) ?? [];
    const watched = await doppel(command);
    assert.equal(watched.code, 0, watched.stderr);
  });

  it('ends with 4 when the time is over that it was given', async () => {
    const { code, stderr } = await doppel('influencers create --name Ava --simulate delay_ms=3000 --wait --timeout 1');
    assert.equal(code, 4);
    assert.match(stderr, /doppel jobs watch job_/);
  });

  it('ends with 3 where the API refuses, and names field, rule and request', async () => {
    const { code, stdout, stderr } = await doppel(`influencers create --name ${'x'.repeat(300)}`);
    assert.deepEqual([code, stdout], [3, '']);
    assert.match(stderr, /\(VALIDATION\)/);
    assert.match(stderr, /body\.name: /);
    assert.match(stderr, /Request req_/);
  });

  it('ends with 2 where it is not called as it should be, and sends nothing', async () => {
    for (const args of [
      'influencers create',
      'influencers create --name Ava --gender robot',
      'influencers create --name Ava --hair blue',
      'influencers create --name Ava --personality dry',
      'influencers',
      'jobs watch',
      'jobs list --limit 0',
      'media upload nowhere.gif',
    ]) {
      const { code, stderr } = await doppel(args);
      assert.equal(code, 2, args);
      assert.notEqual(stderr, '', args);
    }
    assert.deepEqual(await asJson<Job[]>('jobs list'), []);
  });

  it('ends with 1 where nobody answers, and says how a change is repeated', async () => {
    const gone = await startScriptedServer(answer(500));
    await gone.close();
    const nobody = { ...environment, DOPPEL_URL: gone.url };
    const { code, stderr } = await doppel('projects create --name Spring --idempotency-key spring-1', {
      environment: nobody,
    });
    assert.equal(code, 1);
    assert.match(stderr, /ECONNREFUSED/);
    assert.match(stderr, /--idempotency-key spring-1/);
  }).timeout(60_000);

  it('asks which project is meant where the key sees several, and names them', async () => {
    const projectId = await createTestProject(api.database, tenant.organizationId, 'test');
    const asked = await doppel('influencers list');
    assert.equal(asked.code, 2);
    assert.match(asked.stderr, new RegExp(`--project ${projectId}`));
    assert.equal((await doppel(`influencers list --project ${projectId}`)).code, 0);
  });

  it('keeps what it is signed in with for its user alone, takes no key that is wrong, and forgets it', async () => {
    const signedOut = { XDG_CONFIG_HOME: folder };
    const login = `login --url ${api.url}`;
    const wrong = await doppel(login, { environment: signedOut, stdin: 'lp_test_nobody_nothing' });
    assert.equal(wrong.code, 3);
    assert.equal((await doppel('whoami', { environment: signedOut })).code, 2);

    const right = await doppel(login, { environment: signedOut, stdin: `${tenant.key}\n` });
    assert.equal(right.code, 0, right.stderr);
    const file = path.join(folder, 'doppel', 'account.json');
    assert.equal((await stat(file)).mode & 0o777, 0o600);
    assert.ok(!right.stderr.includes(tenant.key) && !right.stdout.includes(tenant.key));
    assert.match((await doppel('whoami', { environment: signedOut })).stdout, /environment +test/);

    await writeFile(file, 'no json');
    assert.equal((await doppel('whoami', { environment: signedOut })).code, 2);
    assert.equal((await doppel('logout', { environment: signedOut })).code, 0);
    await assert.rejects(readFile(file), { code: 'ENOENT' });
  });

  it('completes commands, options and choices in a shell', async () => {
    const completed = async (...words: string[]): Promise<string[]> => {
      const asked = spawnDoppel(['complete', '--', ...words], { cwd: folder, env: {} });
      assert.equal(await asked.exited, 0, asked.errors());
      return asked
        .output()
        .split('\n')
        .map((line) => line.split('\t')[0] ?? '');
    };
    assert.ok((await completed('infl')).includes('influencers'));
    assert.ok((await completed('influencers', '')).includes('clone'));
    assert.ok((await completed('influencers', 'clone', '--hair-')).includes('--hair-color'));
    const script = spawnDoppel(['completion', 'bash'], { cwd: folder, env: {} });
    assert.equal(await script.exited, 0, script.errors());
    assert.match(script.output(), /doppel/);
  });

  it('shows nothing of what callers wrote that would move a terminal’s cursor', async () => {
    const { code } = await doppel(['projects', 'create', '--name', 'Spring\u202e campaign']);
    assert.ok(code === 0 || code === 3);
    const { stdout } = await doppel('projects list');
    // eslint-disable-next-line no-control-regex -- these are what it is about
    assert.doesNotMatch(stdout, /[\u0000-\u0009\u000b-\u001f\u202e]/);
  });
});
