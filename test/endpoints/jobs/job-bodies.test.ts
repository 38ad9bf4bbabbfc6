import assert from 'node:assert/strict';
import { findJobVersions } from '../../../src/db/job-events.ts';
import { jobBodies, type FindJobBody } from '../../../src/endpoints/jobs/job-bodies.ts';
import type { Job } from '../../../src/schemas/job.ts';
import { signedUrls } from '../../../src/storage/signed-urls.ts';
import type { LiveJob } from '../../../src/temporal/live-job.ts';
import { testSigningKey } from '../../support/api.ts';
import { eventually } from '../../support/eventually.ts';
import { acceptJob, type TestJob } from '../../support/jobs.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';

describe('the bodies of jobs', () => {
  let { database, drop }: Partial<TestDatabase> = {};
  let job: TestJob;
  /** How often the job was read whole. */
  let readings: number;
  let askTemporal: () => Promise<LiveJob | null>;
  let findJobBody: FindJobBody;

  const read = async (changes: { environment?: 'test'; isAdmin?: true } = {}): Promise<Job | undefined> => {
    const { organizationId, jobId } = job;
    const found = await findJobBody({
      ...{ organizationId, environment: 'live', id: jobId, isAdmin: false },
      ...changes,
    });
    return found && (JSON.parse(found.body.toString()) as Job);
  };
  const readsOf = (polls: readonly (Job | undefined)[]) => new Set(polls.map((body) => JSON.stringify(body))).size;

  before(async () => {
    ({ database, drop } = await createTestDatabase());
    database.on('query', ({ sql }: { sql: string }) => {
      if (sql.includes('"shotRows"')) readings++;
    });
  });
  after(() => drop?.());
  beforeEach(async () => {
    assert.ok(database);
    job = await acceptJob(database);
    [readings, askTemporal] = [0, () => Promise.resolve(null)];
    const trx = database;
    findJobBody = jobBodies({
      database: trx,
      findJobVersion: async (owned) => (await findJobVersions(trx, [owned])).get(owned.id),
      liveJobs: { of: () => askTemporal() },
      medianDrawingMs: () => Promise.resolve(null),
      urls: signedUrls('http://localhost', [testSigningKey]),
      now: () => new Date(),
      workflowUrl: ({ attempt }) => `http://ui/${String(attempt)}`,
    });
  });

  const change = (columns: Record<string, unknown>) => database?.('jobs').where({ id: job.jobId }).update(columns);

  it('are written once for a hundred who ask at once', async () => {
    const polls = await Promise.all(Array.from({ length: 100 }, () => read()));
    assert.deepEqual([readsOf(polls), readings], [1, 1]);
  });

  it('lead administrators, and nobody else, to the workflow', async () => {
    for (const [isAdmin, links] of [
      [false, undefined],
      [true, { temporal: 'http://ui/1' }],
      [false, undefined],
    ] as const) {
      assert.deepEqual((await read(isAdmin ? { isAdmin } : {}))?.links, links);
    }
  });

  it('are written anew with each event, at once', async () => {
    for (const version of [2, 3, 4]) {
      await change({ last_seq: version, progress: version / 10 });
      assert.equal((await read())?.progress, version / 10);
    }
    assert.equal(readings, 3);
  });

  it('are written anew a few times a second', async () => {
    await read();
    await eventually('another reading', async () => {
      await read();
      return readings > 1 || undefined;
    });
  });

  it('tell what Temporal says for no longer than it says it', async () => {
    await change({ dispatched_at: new Date() });
    let answers = 0;
    askTemporal = () => {
      answers++;
      return Promise.resolve({ answered: false, since: new Date(answers), sharedUntil: performance.now() - 1 });
    };
    assert.equal((await read())?.waiting?.since, new Date(1).toISOString());
    assert.equal((await read())?.waiting?.since, new Date(2).toISOString());
  });

  it('are of nobody else', async () => {
    await read();
    assert.equal(await read({ environment: 'test' }), undefined);
    assert.equal(readings, 1);
  });

  it('are read again after a reading failed', async () => {
    await change({ dispatched_at: new Date() });
    askTemporal = () => Promise.reject(new Error('broken'));
    await assert.rejects(read());
    askTemporal = () => Promise.resolve(null);
    assert.equal((await read())?.status, 'running');
  });
});
