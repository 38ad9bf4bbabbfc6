import assert from 'node:assert/strict';
import type { Job } from '../../src/client/index.ts';
import { pause, type Answer } from '../../src/client/transport.ts';
import { waitForJob } from '../../src/client/wait-for-job.ts';

const running: Job = {
  ...{ jobId: 'job_1', kind: 'influencer_create', status: 'running', stage: 'rendering', progress: 0, attempt: 1 },
  ...{ influencerId: 'inf_1', projectId: 'prj_1', locationUrl: '/v1/jobs/job_1' },
  ...{ startedAt: '2026-01-31T12:00:00.000Z', updatedAt: '2026-01-31T12:00:00.000Z', finishedAt: null },
  images: { total: 6, rendered: 0, failed: 0, items: [] },
  ...{ waiting: null, eta: null, result: null, error: null },
};
const inMs = (ms: number) => new Date(Date.now() + ms).toISOString();
const of = (version: number, fields: Partial<Job> = {}): Answer<Job> => ({
  etag: `"${String(version)}-0"`,
  body: { ...running, ...fields },
});
const completed = of(9, { status: 'completed' });

/** Waits for a job that is found like this, look by look. */
async function waitThrough(answers: Answer<Job>[]) {
  const etags: (string | undefined)[] = [];
  const waitsMs: number[] = [];
  const seen: Job[] = [];
  const last = await waitForJob(
    (etag) => {
      const answer = answers[etags.length];
      assert.ok(answer !== undefined, 'it looks once more');
      etags.push(etag);
      return Promise.resolve(answer);
    },
    { onChange: (job) => seen.push(job) },
    (ms) => {
      waitsMs.push(Math.round(ms));
      return Promise.resolve();
    },
  );
  return { etags, waitsMs, seen, last };
}

describe('waitForJob', () => {
  for (const status of ['completed', 'failed', 'canceled'] as const) {
    it(`ends with a job that is ${status}`, async () => {
      const { last, waitsMs, seen } = await waitThrough([of(1, { status })]);
      assert.equal(last.status, status);
      assert.deepEqual([waitsMs, seen], [[], [last]]);
    });
  }

  it('asks with the ETag that it has, less often the longer nothing changes, and now and then whole', async () => {
    const unchanged: Answer<Job>[] = Array.from({ length: 7 }, () => null);
    unchanged[2] = of(1);
    unchanged[6] = of(1);
    const { etags, waitsMs, seen } = await waitThrough([of(1), ...unchanged, of(2), completed]);
    const known = '"1-0"';
    assert.deepEqual(etags, [undefined, known, known, undefined, known, known, known, undefined, known, '"2-0"']);
    assert.deepEqual(waitsMs, [500, 750, 1125, 1688, 2531, 3797, 5000, 5000, 500]);
    assert.equal(seen.length, 3);
  });

  it('tells that a job waits, which is not in its ETag', async () => {
    const waiting = { reason: 'no_worker' as const, since: inMs(0) };
    const { seen } = await waitThrough([of(1), null, null, of(1, { waiting }), completed]);
    assert.deepEqual(
      seen.map((job) => job.waiting?.reason),
      [undefined, 'no_worker', undefined],
    );
  });

  it('looks when a step is tried again, and more often than once before the eta; neither too early nor too late', async () => {
    const nextTry = (ms: number): Partial<Job> => ({
      waiting: { reason: 'retrying', since: inMs(0), nextAttemptAt: inMs(ms) },
    });
    const { waitsMs } = await waitThrough([
      of(1, nextTry(3_000)),
      of(2, nextTry(60_000)),
      of(3, nextTry(-60_000)),
      of(4, { eta: inMs(8_000) }),
      of(5, { eta: inMs(100) }),
      of(6, { eta: inMs(600_000) }),
      of(7, { eta: inMs(-1_000) }),
      completed,
    ]);
    const expected = [3_000, 5_000, 500, 2_000, 500, 5_000, 500];
    assert.equal(waitsMs.length, expected.length);
    for (const [index, ms] of expected.entries()) {
      assert.ok(Math.abs((waitsMs[index] ?? 0) - ms) < 100, `${String(waitsMs[index])} instead of ${String(ms)}`);
    }
  });

  it('ends with its signal’s reason, between two looks too', async () => {
    const ending = new AbortController();
    const reason = new Error('not any more');
    const looking = waitForJob(
      () => Promise.resolve(of(1)),
      {
        signal: ending.signal,
        onChange: () => {
          setImmediate(() => {
            ending.abort(reason);
          });
        },
      },
      (_, signal) => pause(600_000, signal),
    );
    await assert.rejects(looking, reason);
  });
});
