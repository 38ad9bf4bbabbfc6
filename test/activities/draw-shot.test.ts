import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import type { Shot } from '../../src/domain/shots.ts';
import { drawingKey } from '../../src/storage/storage.ts';
import {
  activitiesWith,
  attemptOf,
  beginDrawing,
  drawAndRecord,
  quietEnvironment,
  startTestActivities,
} from '../support/activities.ts';
import type { TestActivities } from '../support/activities.ts';
import { eventually } from '../support/eventually.ts';
import { acceptJob, createHome, storedOf, type TestJob } from '../support/jobs.ts';
import { plainPicture, plainRenderer } from '../support/plain-renderer.ts';

describe('activity drawShot', () => {
  let steps: TestActivities;
  before(async () => {
    steps = await startTestActivities();
  });
  after(() => steps.close());

  it('stores the bytes under their hash and changes no row', async () => {
    const { database, deps, run } = steps;
    const job = await acceptJob(database);
    await beginDrawing(run, job);
    const begun = await storedOf(database, job);

    const drawn = await run.drawShot({ ...attemptOf(job), shot: 'portrait' });
    const { organizationId, jobId } = job;
    const bytes = await deps.storage.get(
      drawingKey({ organizationId, jobId, attempt: 1, shot: 'portrait', sha256: drawn.sha256 }),
    );
    assert.equal(createHash('sha256').update(bytes).digest('hex'), drawn.sha256);
    assert.deepEqual(Buffer.from(bytes), Buffer.from(await plainPicture('#336699')));
    assert.deepEqual(await storedOf(database, job), begun);
  });

  it('answers the same when it runs again', async () => {
    const { database, run } = steps;
    const job = await acceptJob(database);
    await beginDrawing(run, job);
    const input = { ...attemptOf(job), shot: 'profile' as const };
    assert.deepEqual(await run.drawShot(input), await run.drawShot(input));
  });

  it('hands the renderer the identity and the seed of the job’s input, and no id', async () => {
    const { database, deps } = steps;
    const job = await acceptJob(database, { identity: { hairColor: 'copper' } });
    let described: unknown;
    const renderer = plainRenderer();
    const run = activitiesWith({
      ...deps,
      renderers: {
        illustrated: {
          ...renderer,
          render(description, signal) {
            const { references: _, ...rest } = description;
            described = rest;
            return renderer.render(description, signal);
          },
        },
      },
    });
    const { provenance } = await run.drawShot({ ...attemptOf(job), shot: 'portrait' });
    assert.deepEqual(described, {
      identity: { hairColor: 'copper' },
      seed: provenance.seed,
      shot: 'portrait',
    });
  });

  describe('with a renderer that takes references', () => {
    /** Draws a shot in a colour of its own, and gives what the renderer was shown: the hashes of the pictures. */
    async function shownTo(job: TestJob, shot: Shot, { maxReferences = 4, color = '#336699' } = {}): Promise<string[]> {
      const shown: string[] = [];
      const renderer = plainRenderer(undefined, color);
      const run = activitiesWith({
        ...steps.deps,
        renderers: {
          illustrated: {
            ...renderer,
            maxReferences,
            async render(description, signal) {
              for await (const bytes of description.references) {
                shown.push(createHash('sha256').update(bytes).digest('hex'));
              }
              return renderer.render(description, signal);
            },
          },
        },
      });
      await drawAndRecord(run, job, shot);
      return shown;
    }
    const hashOf = async (color: string) =>
      createHash('sha256')
        .update(await plainPicture(color))
        .digest('hex');

    it('shows the first picture that was rendered, whichever shot it is of, and no later one', async () => {
      const job = await acceptJob(steps.database);
      await beginDrawing(steps.run, job);
      assert.deepEqual(await shownTo(job, 'smiling', { color: '#aa0000' }), []);
      assert.deepEqual(await shownTo(job, 'portrait', { color: '#00aa00' }), [await hashOf('#aa0000')]);
      assert.deepEqual(await shownTo(job, 'profile'), [await hashOf('#aa0000')]);
    });

    it('shows no picture that another renderer drew', async () => {
      const home = await createHome(steps.database);
      const source = await acceptJob(steps.database, { home, shots: ['portrait'] });
      await beginDrawing(steps.run, source);
      await shownTo(source, 'portrait', { color: '#111111' });
      await steps.run.publishInfluencer(attemptOf(source));
      const clone = await acceptJob(steps.database, { home, sourceId: source.influencerId });
      await beginDrawing(steps.run, clone);
      await steps
        .database('assets')
        .update({ provenance: { renderer: 'ai' } })
        .where({ project_id: home.projectId });
      assert.deepEqual(await shownTo(clone, 'portrait'), []);
      await steps.database('assets').update({ provenance: null }).where({ project_id: home.projectId });
      assert.equal((await shownTo(clone, 'profile')).length, 2, 'a photo has no provenance');
    });

    it('shows a clone its own first picture, then its source’s, as many as it takes', async () => {
      const home = await createHome(steps.database);
      const source = await acceptJob(steps.database, { home, shots: ['portrait', 'profile'] });
      await beginDrawing(steps.run, source);
      await shownTo(source, 'portrait', { color: '#111111' });
      await shownTo(source, 'profile', { color: '#222222' });
      await steps.run.publishInfluencer(attemptOf(source));

      const clone = await acceptJob(steps.database, { home, sourceId: source.influencerId });
      await beginDrawing(steps.run, clone);
      const [portrait, profile] = [await hashOf('#111111'), await hashOf('#222222')];
      assert.deepEqual(await shownTo(clone, 'portrait', { color: '#333333' }), [portrait, profile]);
      const own = await hashOf('#333333');
      assert.deepEqual(await shownTo(clone, 'profile', { color: '#444444' }), [own, portrait, profile]);
      assert.deepEqual(await shownTo(clone, 'smiling', { maxReferences: 2 }), [own, portrait]);
      assert.deepEqual(await shownTo(clone, 'half_length', { maxReferences: 0 }), []);
    });
  });

  it('beats each second while it draws', async function () {
    const { database, deps } = steps;
    const job = await acceptJob(database);
    const environment = quietEnvironment();
    let beats = 0;
    environment.on('heartbeat', () => {
      beats++;
    });
    const run = activitiesWith(
      {
        ...deps,
        renderers: {
          illustrated: plainRenderer(async () => {
            await eventually('two heartbeats', () => (beats >= 2 ? true : undefined), { withinMs: 5_000 });
          }),
        },
      },
      environment,
    );
    const startedAt = performance.now();
    await run.drawShot({ ...attemptOf(job), shot: 'portrait' });
    assert.ok(performance.now() - startedAt < 3_000, 'the heartbeat timeout would have passed');
  });

  it('stops when it is canceled, stores nothing, and beats no more', async () => {
    const { database, deps } = steps;
    const job = await acceptJob(database);
    const environment = quietEnvironment();
    let stored = 0;
    const run = activitiesWith(
      {
        ...deps,
        storage: {
          ...deps.storage,
          put() {
            stored++;
            return Promise.resolve();
          },
        },
        // A renderer that does not look at the signal.
        renderers: {
          illustrated: plainRenderer(() => {
            environment.cancel('CANCELLED');
          }),
        },
      },
      environment,
    );
    await assert.rejects(run.drawShot({ ...attemptOf(job), shot: 'portrait' }), CancelledFailure);
    assert.equal(stored, 0);
  });

  it('hands the cancellation on to the renderer', async () => {
    const { database, deps } = steps;
    const job = await acceptJob(database);
    const environment = quietEnvironment();
    const run = activitiesWith(
      {
        ...deps,
        renderers: {
          illustrated: plainRenderer((_, signal) => {
            const stopped = new Promise<void>((__, reject) => {
              signal.addEventListener('abort', () => {
                reject(signal.reason as Error);
              });
            });
            environment.cancel('CANCELLED');
            return stopped;
          }),
        },
      },
      environment,
    );
    await assert.rejects(run.drawShot({ ...attemptOf(job), shot: 'portrait' }), CancelledFailure);
  });

  it('draws nothing for an attempt that has ended, and is not tried again', async () => {
    const { database, deps, run } = steps;
    const job = await acceptJob(database);
    await run.cancelJob(attemptOf(job));
    const drawing = activitiesWith({
      ...deps,
      renderers: { illustrated: plainRenderer(() => assert.fail('it was drawn')) },
    }).drawShot({ ...attemptOf(job), shot: 'portrait' });
    await assert.rejects(drawing, (error) => {
      assert.ok(error instanceof ApplicationFailure);
      assert.deepEqual([error.type, error.nonRetryable], ['CONFLICT', true]);
      return true;
    });
  });

  it('is tried again when the storage fails', async () => {
    const { database, deps } = steps;
    const job = await acceptJob(database);
    const run = activitiesWith({
      ...deps,
      storage: { ...deps.storage, put: () => Promise.reject(new Error('no space left for Ava Chen')) },
    });
    await assert.rejects(run.drawShot({ ...attemptOf(job), shot: 'portrait' }), (error) => {
      assert.ok(error instanceof ApplicationFailure);
      assert.equal(error.type, 'INTERNAL');
      assert.notEqual(error.nonRetryable, true);
      assert.doesNotMatch(`${error.message} ${String(error.cause)}`, /Ava/);
      return true;
    });
  });
});
