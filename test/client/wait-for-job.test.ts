import assert from 'node:assert/strict';
import { DoppelError, type Job } from '../../src/client/index.ts';
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

/** Waits for a job that is found like this, look by look, by an API that waits, if it does, all the time or `lookMs`. */
async function waitThrough(
  answers: Answer<Job>[],
  { timeoutMs = 30_000, lookMs }: { timeoutMs?: number; lookMs?: number } = {},
) {
  const etags: (string | undefined)[] = [];
  const waitsMs: number[] = [];
  const asked: number[] = [];
  const seen: Job[] = [];
  let clock = 0;
  const last = await waitForJob(
    {
      look(etag, waitS) {
        const answer = answers[etags.length];
        assert.ok(answer !== undefined, 'it looks once more');
        etags.push(etag);
        asked.push(waitS);
        clock += lookMs ?? waitS * 1000;
        return Promise.resolve(answer);
      },
      timeoutMs,
    },
    { onChange: (job) => seen.push(job) },
    {
      wait: (ms) => {
        waitsMs.push(Math.round(ms));
        return Promise.resolve();
      },
      now: () => clock,
    },
  );
  return { etags, waitsMs, asked, seen, last };
}

describe('waitForJob', () => {
  it('goes on asking where as many wait as may', async () => {
    const full = new DoppelError(
      {
        status: 503,
        headers: new Headers({ 'Retry-After': '5' }),
        text: JSON.stringify({ error: { code: 'UNAVAILABLE', message: 'Too many.', requestId: 'req_1' } }),
      },
      null,
    );
    const canWait = (answer: Answer<Job>): Answer<Job> => answer && { ...answer, canWait: true };
    const answers = [canWait(of(1)), full, canWait(of(1)), full, canWait(completed)];
    const waitsMs: number[] = [];
    let looks = 0;
    const last = await waitForJob(
      {
        look: () => {
          const answer = answers[looks++];
          if (answer instanceof DoppelError) return Promise.reject(answer);
          return Promise.resolve(answer ?? assert.fail('it looks once more'));
        },
        timeoutMs: 30_000,
      },
      {},
      {
        wait: (ms) => {
          waitsMs.push(ms);
          return Promise.resolve();
        },
        now: () => 0,
      },
    );
    assert.deepEqual([last.status, looks, waitsMs.length], ['completed', 5, 2]);
  });

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

  describe('of an API that waits', () => {
    const waited = (version: number, fields: Partial<Job> = {}): Answer<Job> => {
      const answer = of(version, fields);
      return answer && { ...answer, canWait: true };
    };
    const ended = waited(9, { status: 'completed' });

    it('lets it wait for each change, and asks for no time itself', async () => {
      const { etags, asked, waitsMs, seen } = await waitThrough([waited(1), waited(2), waited(3), ended]);
      assert.deepEqual(etags, [undefined, '"1-0"', '"2-0"', '"3-0"']);
      assert.deepEqual(asked, [0, 24, 24, 24]);
      assert.deepEqual([waitsMs, seen.length], [[], 4]);
    });

    it('reads the job whole when nothing changed for so long, for what it waits for', async () => {
      const waiting = { reason: 'no_worker' as const, since: inMs(0) };
      const { etags, asked, waitsMs, seen } = await waitThrough([waited(1), null, waited(1, { waiting }), null, ended]);
      assert.deepEqual(etags, [undefined, '"1-0"', undefined, '"1-0"', undefined]);
      assert.deepEqual(asked, [0, 24, 0, 24, 0]);
      assert.deepEqual([waitsMs, seen.length], [[], 3]);
    });

    it('lets it wait for less time than a try has, and for a minute at most', async () => {
      for (const [timeoutMs, waitS] of [
        [5_000, 4],
        [600_000, 60],
        [1_000, 0],
      ] as const) {
        assert.equal((await waitThrough([waited(1), ended], { timeoutMs })).asked[1], waitS);
      }
    });

    it('waits itself where an answer came early, or waiting is not known any more', async () => {
      const early = await waitThrough([waited(1), null, waited(1), ended], { lookMs: 10 });
      assert.deepEqual(early.waitsMs, [750]);
      const older = await waitThrough([waited(1), of(2), null, completed]);
      assert.deepEqual(older.asked, [0, 24, 0, 0]);
      assert.deepEqual(older.waitsMs, [500, 750]);
    });
  });

  it('ends with its signal’s reason, between two looks too', async () => {
    const ending = new AbortController();
    const reason = new Error('not any more');
    const looking = waitForJob(
      { look: () => Promise.resolve(of(1)), timeoutMs: 30_000 },
      {
        signal: ending.signal,
        onChange: () => {
          setImmediate(() => {
            ending.abort(reason);
          });
        },
      },
      { wait: (_, signal) => pause(600_000, signal) },
    );
    await assert.rejects(looking, reason);
  });
});
