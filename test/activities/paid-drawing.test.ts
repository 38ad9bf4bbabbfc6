import assert from 'node:assert/strict';
import { ApplicationFailure } from '@temporalio/common';
import type { Knex } from 'knex';
import type { Activities } from '../../activities/index.ts';
import type { PaidImageLimits } from '../../src/db/paid-images.ts';
import { RenderError, type Description, type RenderFault } from '../../activities/rendering/renderer.ts';
import type { Shot } from '../../src/domain/shots.ts';
import { drawingKey } from '../../src/storage/storage.ts';
import {
  activitiesWith,
  attemptOf,
  quietEnvironment,
  startTestActivities,
  type TestActivities,
} from '../support/activities.ts';
import { acceptJob, createHome, type TestJob } from '../support/jobs.ts';
import { plainRenderer } from '../support/plain-renderer.ts';

describe('drawing for money', () => {
  let steps: TestActivities;
  before(async () => {
    steps = await startTestActivities();
  });
  after(() => steps.close());

  const limits: PaidImageLimits = { perJob: 24, perDay: 600 };

  /** The activities with a renderer of an image model, which does this before it draws. */
  function paid(
    before: (description: Description) => Promise<void> | void,
    paidImages = limits,
    { storage = steps.deps.storage, tries = 1 } = {},
  ): Activities {
    const { render } = plainRenderer();
    return activitiesWith(
      {
        ...steps.deps,
        storage,
        paidImages,
        renderers: {
          ai: {
            name: 'ai',
            version: 'test',
            maxReferences: 0,
            async render(description, signal, beforePaying) {
              await beforePaying?.();
              await before(description);
              return render(description, signal);
            },
          },
        },
      },
      quietEnvironment(tries),
    );
  }

  const draw = (run: Activities, job: TestJob, shot: Shot = 'portrait') => run.drawShot({ ...attemptOf(job), shot });
  const acceptPaid = (wishes = {}) => acceptJob(steps.database, { renderer: 'ai', ...wishes });

  async function failureOf(drawing: Promise<unknown>): Promise<ApplicationFailure> {
    const error: unknown = await drawing.then(
      () => assert.fail('it was drawn'),
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof ApplicationFailure);
    return error;
  }

  const outcomesOf = (database: Knex, { jobId }: TestJob): Promise<(string | null)[]> =>
    database('paid_images').where({ job_id: jobId }).orderBy('ordered_at').pluck('outcome');

  it('counts an image before it is asked for, and what came of it', async () => {
    const job = await acceptPaid();
    let during: unknown;
    const run = paid(async () => {
      during = await outcomesOf(steps.database, job);
    });
    await draw(run, job);
    assert.deepEqual(during, [null]);
    assert.deepEqual(await outcomesOf(steps.database, job), ['drawn']);
  });

  it('keeps a picture that was paid for while the storage is away, and does not pay again', async () => {
    const job = await acceptPaid();
    let asked = 0;
    let fails = 2;
    const { storage } = steps.deps;
    const run = paid(
      () => {
        asked++;
      },
      limits,
      {
        storage: {
          ...storage,
          put: (key, bytes) => (fails-- > 0 ? Promise.reject(new Error('away')) : storage.put(key, bytes)),
        },
      },
    );
    const { sha256 } = await draw(run, job);
    const { organizationId, jobId } = job;
    assert.ok(await storage.sizeOf(drawingKey({ organizationId, jobId, attempt: 1, shot: 'portrait', sha256 })));
    assert.equal(asked, 1);
  });

  it('counts nothing where drawing is free', async () => {
    const job = await acceptJob(steps.database);
    await steps.run.drawShot({ ...attemptOf(job), shot: 'portrait' });
    assert.deepEqual(await outcomesOf(steps.database, job), []);
  });

  it('asks for no more images than a job may have, and says which limit it was to the operator alone', async () => {
    const job = await acceptPaid();
    let asked = 0;
    const count = () => {
      asked++;
    };
    const run = paid(count, { perJob: 2, perDay: 600 });
    await draw(run, job, 'portrait');
    await draw(run, job, 'profile');
    const failure = await failureOf(draw(run, job, 'smiling'));
    assert.deepEqual([failure.type, failure.nonRetryable, asked], ['RATE_LIMITED', true, 2]);
    assert.match(failure.message, /2 images a job \(AI_IMAGES_PER_JOB\)/);
  });

  it('asks for no more images than an organization may have in a day, all its jobs together', async () => {
    const home = await createHome(steps.database);
    const [first, second, other] = [await acceptPaid({ home }), await acceptPaid({ home }), await acceptPaid()];
    const run = paid(() => undefined, { perJob: 24, perDay: 2 });
    await draw(run, first);
    await draw(run, second);
    const failure = await failureOf(draw(run, first, 'profile'));
    assert.deepEqual([failure.type, failure.nonRetryable], ['RATE_LIMITED', true]);
    assert.match(failure.message, /AI_IMAGES_PER_DAY/);
    await draw(run, other);
  });

  it('begins anew with the next UTC day', async () => {
    const job = await acceptPaid();
    const run = paid(() => undefined, { perJob: 24, perDay: 1 });
    await draw(run, job);
    await steps.database.raw(
      `update paid_images set ordered_at = date_trunc('day', now(), 'UTC') - interval '1 millisecond' where job_id = ?`,
      [job.jobId],
    );
    await draw(run, job, 'profile');
  });

  it('passes no limit however many draw at once', async () => {
    const home = await createHome(steps.database);
    const jobs = await Promise.all(Array.from({ length: 6 }, () => acceptPaid({ home })));
    let asked = 0;
    const count = () => {
      asked++;
    };
    const run = paid(count, { perJob: 24, perDay: 4 });
    const drawings = await Promise.allSettled(jobs.map((job) => draw(run, job)));
    assert.equal(asked, 4);
    assert.equal(drawings.filter(({ status }) => status === 'rejected').length, 2);
  });

  const faults: [RenderFault, outcome: string, type: string, isFinal: boolean][] = [
    ['busy', 'not_drawn', 'RATE_LIMITED', false],
    ['unavailable', 'not_drawn', 'UNAVAILABLE', false],
    ['rejected', 'rejected', 'CONTENT_REJECTED', true],
    ['misconfigured', 'not_drawn', 'RENDER_FAILED', true],
    ['unanswered', 'unanswered', 'UNAVAILABLE', false],
    ['unusable', 'unusable', 'RENDER_FAILED', false],
  ];
  for (const [fault, outcome, type, isFinal] of faults) {
    it(`takes a renderer that is ${fault} for ${type}, ${isFinal ? 'at once' : 'tried again'}`, async () => {
      const job = await acceptPaid();
      const run = paid(() => Promise.reject(new RenderError(fault, 'The operator reads this.')));
      const failure = await failureOf(draw(run, job));
      assert.deepEqual([failure.type, failure.nonRetryable], [type, isFinal]);
      assert.equal(failure.message, 'The operator reads this.');
      assert.deepEqual(await outcomesOf(steps.database, job), [outcome]);
    });
  }

  it('is tried again when the renderer says so: no sooner than without that, and within an hour', async () => {
    for (const [retryAfterMs, tries, delay] of [
      [7_000, 1, 7_000],
      [0, 1, 1_000],
      [1_000, 5, 16_000],
      [86_400_000, 1, 3_600_000],
    ] as const) {
      const busy = () => Promise.reject(new RenderError('busy', 'Later.', { retryAfterMs }));
      const failure = await failureOf(draw(paid(busy, limits, { tries }), await acceptPaid()));
      assert.equal(failure.nextRetryDelay, delay);
    }
  });

  it('does not count what was certainly not drawn', async () => {
    const job = await acceptPaid();
    let tries = 0;
    const run = paid(
      () => {
        if (++tries <= 3) throw new RenderError('busy', 'Later.', { retryAfterMs: 1 });
      },
      { perJob: 1, perDay: 1 },
    );
    for (let refused = 0; refused < 3; refused++) await failureOf(draw(run, job));
    await draw(run, job);
    assert.deepEqual(await outcomesOf(steps.database, job), ['not_drawn', 'not_drawn', 'not_drawn', 'drawn']);
  });

  it('counts an image of which nothing is known, since the worker died', async () => {
    const job = await acceptPaid();
    const run = paid(() => Promise.reject(new Error('killed')), { perJob: 1, perDay: 600 });
    await failureOf(draw(run, job));
    assert.deepEqual(await outcomesOf(steps.database, job), [null]);
    assert.equal((await failureOf(draw(run, job))).type, 'RATE_LIMITED');
  });

  it('gives a shot up at its third image that is of no use, and no other shot', async () => {
    const job = await acceptPaid();
    const run = paid(({ shot }) => {
      if (shot === 'portrait') throw new RenderError('unusable', 'It is a 512 × 512 image.');
    });
    for (const isFinal of [false, false, true]) {
      const failure = await failureOf(draw(run, job));
      assert.deepEqual([failure.type, failure.nonRetryable], ['RENDER_FAILED', isFinal]);
    }
    await draw(run, job, 'profile');
  });
});
