import assert from 'node:assert/strict';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { activityInfo, cancellationSignal, heartbeat } from '@temporalio/activity';
import { WorkflowFailedError } from '@temporalio/client';
import type { JobState } from '../../src/domain/job.ts';
import { shots, type Shot, type ShotStatus } from '../../src/domain/shots.ts';
import { eventually } from '../support/eventually.ts';
import { gate } from '../support/gate.ts';
import { drawnOf, failure, startWorkflowRuns, type WorkflowRun, type WorkflowRuns } from '../support/workflow-runs.ts';

/** Beats until it is canceled, as a drawing does that takes long. */
function drawForEver(): Promise<never> {
  const signal = cancellationSignal();
  return new Promise((_, reject) => {
    const beats = setInterval(heartbeat, 50);
    signal.addEventListener('abort', () => {
      clearInterval(beats);
      reject(signal.reason as Error);
    });
  });
}

async function causeOfEnd({ handle }: WorkflowRun): Promise<Error | undefined> {
  const error: unknown = await handle.result().catch((reason: unknown) => reason);
  assert.ok(error instanceof WorkflowFailedError);
  return error.cause;
}

async function assertFails(run: WorkflowRun, type: string): Promise<void> {
  const cause = await causeOfEnd(run);
  assert.ok(cause instanceof ApplicationFailure);
  assert.equal(cause.type, type);
  assert.equal(await run.end(), 'FAILED');
}

const byName = (left: string, right: string) => left.localeCompare(right);
const shotsOf = (inputs: { shot: Shot }[]) => inputs.map(({ shot }) => shot).sort(byName);
const allShots = [...shots].sort(byName);

describe('workflow influencerCreate', () => {
  let runs: WorkflowRuns;

  before(async function () {
    this.timeout('3 min'); // where the test server has to be fetched first
    runs = await startWorkflowRuns();
  });
  after(() => runs.close());

  it('copies references, draws and records six shots, then publishes', async () => {
    const run = await runs.start();
    assert.equal(await run.end(), 'COMPLETED');

    const steps = run.calls.map(({ step }) => step);
    assert.deepEqual(steps.slice(0, 2), ['copyReferenceMetadata', 'beginShots']);
    assert.deepEqual(steps.slice(2, -1).sort(byName), [
      ...shots.map(() => 'drawShot'),
      ...shots.map(() => 'recordShot'),
    ]);
    assert.equal(steps.at(-1), 'publishInfluencer');
    assert.deepEqual(shotsOf(run.callsOf('drawShot')), allShots);
    for (const { shot, drawn } of run.callsOf('recordShot')) assert.deepEqual(drawn, drawnOf(shot));
    for (const { input } of run.calls) {
      assert.deepEqual({ jobId: input.jobId, attempt: input.attempt }, run.job);
    }
  });

  it('draws the shots of a wave at once, and a wave only after the one before', async () => {
    const anchor = gate();
    const run = await runs.start({
      copyReferenceMetadata: () => Promise.resolve({ waves: [['portrait'], ['profile', 'smiling']], total: 3 }),
      async drawShot({ shot }) {
        if (shot === 'portrait') await anchor.opened;
        return drawnOf(shot);
      },
    });
    await eventually('the anchor is being drawn', () => (run.callsOf('drawShot').length > 0 ? true : undefined));
    assert.deepEqual(shotsOf(run.callsOf('drawShot')), ['portrait']);
    assert.deepEqual(
      run.callsOf('beginShots').map((wave) => wave.shots),
      [['portrait']],
    );
    anchor.open();
    assert.equal(await run.end(), 'COMPLETED');
    assert.deepEqual(
      run.callsOf('beginShots').map((wave) => wave.shots),
      [['portrait'], ['profile', 'smiling']],
    );
    const steps = run.calls.map(({ step, input }) => ('shot' in input ? `${step} ${input.shot}` : step));
    assert.ok(steps.indexOf('recordShot portrait') < steps.indexOf('drawShot profile'));
  });

  describe('drawing with a model', () => {
    const plan = {
      waves: [['portrait'], ['profile', 'smiling', 'full_length']] as Shot[][],
      total: 4,
      renderer: 'ai' as const,
    };
    const begun = (run: WorkflowRun) => run.callsOf('beginShots').map((wave) => wave.shots);

    it('draws on the queue of the provider', async () => {
      const queues = new Set<string>();
      const run = await runs.start({
        copyReferenceMetadata: () => Promise.resolve(plan),
        drawShot({ shot }) {
          queues.add(activityInfo().taskQueue);
          return Promise.resolve(drawnOf(shot));
        },
      });
      assert.equal(await run.end(), 'COMPLETED');
      assert.deepEqual([...queues], ['rendering-ai']);
    });

    it('takes the next shot for the anchor when the anchor fails for good, until one succeeds', async () => {
      const run = await runs.start({
        copyReferenceMetadata: () => Promise.resolve(plan),
        drawShot({ shot }) {
          if (shot === 'portrait' || shot === 'profile') throw failure('CONTENT_REJECTED', { nonRetryable: true });
          return Promise.resolve(drawnOf(shot));
        },
      });
      await assertFails(run, 'CONTENT_REJECTED');
      assert.deepEqual(begun(run), [['portrait'], ['profile'], ['smiling'], ['full_length']]);
      assert.deepEqual(shotsOf(run.callsOf('recordShot')), ['full_length', 'smiling']);
    });

    it('fails once every shot has failed for good', async () => {
      const run = await runs.start({
        copyReferenceMetadata: () => Promise.resolve(plan),
        drawShot: () => Promise.reject(failure('RENDER_FAILED', { nonRetryable: true })),
      });
      await assertFails(run, 'RENDER_FAILED');
      assert.deepEqual(begun(run), [['portrait'], ['profile'], ['smiling'], ['full_length']]);
      assert.equal(run.callsOf('failShot').length, 4);
    });

    it('says of a shot that a limit was in its way', async () => {
      const run = await runs.start({
        copyReferenceMetadata: () => Promise.resolve(plan),
        drawShot({ shot }) {
          if (shot === 'smiling') throw failure('RATE_LIMITED', { nonRetryable: true });
          return Promise.resolve(drawnOf(shot));
        },
      });
      await assertFails(run, 'RENDER_FAILED');
      assert.deepEqual(
        run.callsOf('failShot').map(({ shot, code }) => [shot, code]),
        [['smiling', 'RATE_LIMITED']],
      );
    });
  });

  it('begins no wave that its plan has begun already', async () => {
    const plan = { waves: [['portrait'], ['profile', 'smiling']] as Shot[][], total: 3, hasBegun: true } as const;
    const run = await runs.start({ copyReferenceMetadata: () => Promise.resolve(plan) });
    assert.equal(await run.end(), 'COMPLETED');
    assert.deepEqual(
      run.callsOf('beginShots').map((wave) => wave.shots),
      [['profile', 'smiling']],
    );
  });

  it('draws only what is missing when an earlier attempt rendered the rest', async () => {
    const run = await runs.start(
      { copyReferenceMetadata: () => Promise.resolve({ waves: [['profile', 'full_length']], total: 6 }) },
      2,
    );
    assert.equal(await run.end(), 'COMPLETED');
    assert.deepEqual(shotsOf(run.callsOf('drawShot')), ['full_length', 'profile']);
    assert.equal(run.callsOf('publishInfluencer').length, 1);
  });

  it('publishes at once when nothing is missing', async () => {
    const run = await runs.start({ copyReferenceMetadata: () => Promise.resolve({ waves: [], total: 6 }) }, 2);
    assert.equal(await run.end(), 'COMPLETED');
    assert.deepEqual(
      run.calls.map(({ step }) => step),
      ['copyReferenceMetadata', 'publishInfluencer'],
    );
  });

  it('tries a shot again that failed twice, and completes', async () => {
    let triesLeft = 2;
    const run = await runs.start({
      drawShot({ shot }) {
        if (shot === 'smiling' && triesLeft-- > 0) throw failure('INTERNAL');
        return Promise.resolve(drawnOf(shot));
      },
    });
    assert.equal(await run.end(), 'COMPLETED');
    assert.equal(shotsOf(run.callsOf('drawShot')).filter((shot) => shot === 'smiling').length, 3);
    assert.equal(run.callsOf('recordShot').length, 6);
    assert.equal(run.callsOf('failShot').length, 0);
  });

  it('tries a shot that never works for about an hour, keeps the other five, and fails with its name', async () => {
    const run = await runs.start({
      drawShot({ shot }) {
        if (shot === 'profile') throw failure('INTERNAL');
        return Promise.resolve(drawnOf(shot));
      },
    });
    await assertFails(run, 'RENDER_FAILED');
    const { startTime, closeTime } = await run.handle.describe();
    const minutes = ((closeTime?.getTime() ?? 0) - startTime.getTime()) / 60_000;
    assert.ok(minutes > 45 && minutes < 75, `it was tried for ${String(minutes)} minutes`);
    assert.equal(run.callsOf('drawShot').filter(({ shot }) => shot === 'profile').length, 20);

    assert.deepEqual(
      shotsOf(run.callsOf('recordShot')),
      allShots.filter((shot) => shot !== 'profile'),
    );
    assert.deepEqual(run.callsOf('failShot'), [{ ...run.job, shot: 'profile', code: 'RENDER_FAILED' }]);
    assert.deepEqual(
      run.callsOf('failJob').map(({ error }) => error),
      [
        {
          code: 'RENDER_FAILED',
          message: '1 of 6 images could not be rendered: profile.',
          retryable: true,
          details: { shots: ['profile'] },
        },
      ],
    );
    assert.equal(run.callsOf('publishInfluencer').length, 0);
  });

  it('gives a shot up at once whose content is rejected', async () => {
    const run = await runs.start({
      drawShot({ shot }) {
        if (shot === 'smiling') throw failure('CONTENT_REJECTED', { nonRetryable: true });
        return Promise.resolve(drawnOf(shot));
      },
    });
    await assertFails(run, 'CONTENT_REJECTED');
    assert.equal(run.callsOf('drawShot').filter(({ shot }) => shot === 'smiling').length, 1);
    assert.deepEqual(run.callsOf('failShot'), [{ ...run.job, shot: 'smiling', code: 'CONTENT_REJECTED' }]);
    assert.equal(run.callsOf('recordShot').length, 5);
  });

  it('fails with CONTENT_REJECTED when all that failed was rejected', async () => {
    const run = await runs.start({
      drawShot() {
        throw failure('CONTENT_REJECTED', { nonRetryable: true });
      },
    });
    await assertFails(run, 'CONTENT_REJECTED');
    assert.equal(run.callsOf('failShot').length, 6);
    assert.deepEqual(
      run.callsOf('failJob').map(({ error }) => [error.code, error.retryable]),
      [['CONTENT_REJECTED', false]],
    );
  });

  it('fails with RENDER_FAILED when a shot was rejected and another could not be drawn', async () => {
    const run = await runs.start({
      drawShot({ shot }) {
        if (shot === 'smiling') throw failure('CONTENT_REJECTED', { nonRetryable: true });
        if (shot === 'profile') throw failure('RENDER_FAILED', { nonRetryable: true });
        return Promise.resolve(drawnOf(shot));
      },
    });
    await assertFails(run, 'RENDER_FAILED');
    assert.deepEqual([...(run.callsOf('failJob')[0]?.error.details?.['shots'] as Shot[])].sort(byName), [
      'profile',
      'smiling',
    ]);
  });

  it('fails only the shot whose drawing is refused by the recording step', async () => {
    const run = await runs.start({
      recordShot({ shot }) {
        if (shot === 'portrait') throw failure('RENDER_FAILED', { nonRetryable: true });
        return Promise.resolve();
      },
    });
    await assertFails(run, 'RENDER_FAILED');
    assert.deepEqual(run.callsOf('failShot'), [{ ...run.job, shot: 'portrait', code: 'RENDER_FAILED' }]);
    assert.equal(run.callsOf('recordShot').length, 6);
  });

  it('does nothing when its attempt has ended in Postgres', async () => {
    const run = await runs.start({ copyReferenceMetadata: () => Promise.resolve(null) });
    assert.equal(await run.end(), 'COMPLETED');
    assert.deepEqual(
      run.calls.map(({ step }) => step),
      ['copyReferenceMetadata'],
    );
  });

  it('waits for Postgres: a database step is tried until it works', async () => {
    let triesLeft = 4;
    const run = await runs.start({
      beginShots() {
        if (triesLeft-- > 0) throw failure('UNAVAILABLE');
        return Promise.resolve();
      },
    });
    assert.equal(await run.end(), 'COMPLETED');
    assert.equal(run.callsOf('beginShots').length, 5);
  });

  for (const step of ['copyReferenceMetadata', 'beginShots', 'publishInfluencer', 'failShot'] as const) {
    it(`fails the job with INTERNAL when ${step} cannot be mended`, async () => {
      const run = await runs.start({
        ...(step === 'failShot' && {
          drawShot() {
            throw failure('CONTENT_REJECTED', { nonRetryable: true });
          },
        }),
        [step]() {
          throw failure('INTERNAL', { nonRetryable: true });
        },
      });
      await assertFails(run, 'INTERNAL');
      assert.deepEqual(
        run.callsOf('failJob').map(({ error }) => [error.code, error.details]),
        [['INTERNAL', null]],
      );
    });
  }

  it('cancels the job once, also when that takes a second try, and ends as canceled', async () => {
    let triesLeft = 1;
    const run = await runs.start({
      drawShot: ({ shot }) => (shot === 'portrait' ? drawForEver() : Promise.resolve(drawnOf(shot))),
      cancelJob() {
        if (triesLeft-- > 0) throw failure('UNAVAILABLE');
        return Promise.resolve();
      },
    });
    await eventually('five shots are recorded', () => (run.callsOf('recordShot').length === 5 ? true : undefined));
    await run.handle.cancel();
    assert.ok((await causeOfEnd(run)) instanceof CancelledFailure);
    assert.equal(await run.end(), 'CANCELLED');
    assert.deepEqual(run.callsOf('cancelJob'), [run.job, run.job]);
    for (const step of ['failShot', 'failJob', 'publishInfluencer'] as const) {
      assert.deepEqual(run.callsOf(step), [], step);
    }
  });

  it('holds its drawings up where that is rehearsed, and can be canceled meanwhile', async () => {
    const plan = { waves: [[...shots]], total: shots.length, delayMs: 60_000 };
    const run = await runs.start({ copyReferenceMetadata: () => Promise.resolve(plan) });
    assert.equal(await run.end(), 'COMPLETED');
    const { startTime, closeTime } = await run.handle.describe();
    assert.ok(closeTime !== undefined && closeTime.getTime() - startTime.getTime() >= 60_000);
    assert.equal(run.callsOf('drawShot').length, 6);

    const canceled = await runs.start({
      copyReferenceMetadata: () => Promise.resolve({ ...plan, delayMs: 3_600_000 }),
    });
    await eventually('it waits', () => (canceled.callsOf('beginShots').length === 1 ? true : undefined));
    await canceled.handle.cancel();
    assert.equal(await canceled.end(), 'CANCELLED');
    assert.deepEqual([canceled.callsOf('drawShot'), canceled.callsOf('cancelJob')], [[], [canceled.job]]);
  });

  it('ends as canceled when all six are being drawn', async () => {
    const run = await runs.start({ drawShot: drawForEver });
    await eventually('all are being drawn', () => (run.callsOf('drawShot').length === 6 ? true : undefined));
    await run.handle.cancel();
    assert.equal(await run.end(), 'CANCELLED');
    assert.equal(run.callsOf('cancelJob').length, 1);
    assert.equal(run.callsOf('failShot').length, 0);
  });

  it('is canceled while a shot waits for its next try', async () => {
    const run = await runs.start({
      drawShot({ shot }) {
        if (shot === 'portrait') throw failure('INTERNAL');
        return Promise.resolve(drawnOf(shot));
      },
    });
    await eventually('five shots are recorded', () => (run.callsOf('recordShot').length === 5 ? true : undefined));
    await run.handle.cancel();
    assert.equal(await run.end(), 'CANCELLED');
    assert.equal(run.callsOf('cancelJob').length, 1);
  });

  it('tells its stage and its shots when it is asked', async () => {
    const copying = gate();
    const drawing = gate();
    const run = await runs.start({
      async copyReferenceMetadata() {
        await copying.opened;
        return { waves: [[...shots]], total: 6 };
      },
      async drawShot({ shot }) {
        if (shot === 'portrait') await drawing.opened;
        if (shot === 'profile') throw failure('CONTENT_REJECTED', { nonRetryable: true });
        return drawnOf(shot);
      },
    });
    const state = () => run.handle.query<JobState>('jobState');
    const stateWith = (what: string, holds: (found: JobState) => boolean) =>
      eventually(what, async () => {
        const found = await state();
        return holds(found) ? found : undefined;
      });

    assert.deepEqual(await state(), { stage: 'copying_references', shots: {} });
    copying.open();
    const rendering = await stateWith(
      'all but one are settled',
      (found) => Object.values(found.shots).filter((status) => status === 'rendering').length === 1,
    );
    assert.deepEqual(rendering, {
      stage: 'rendering',
      shots: {
        portrait: 'rendering',
        three_quarter: 'rendered',
        profile: 'failed',
        smiling: 'rendered',
        half_length: 'rendered',
        full_length: 'rendered',
      },
    });

    drawing.open();
    assert.equal(await run.end(), 'FAILED');
    assert.deepEqual((await state()).shots, { ...rendering.shots, portrait: 'rendered' });
  });

  const detailsOf = async (run: WorkflowRun): Promise<string> => {
    const metadata = await run.handle.query<{ currentDetails: string }>('__temporal_workflow_metadata');
    return metadata.currentDetails;
  };
  const tableOf = (where: string, statuses: Partial<Record<Shot, ShotStatus>>): string => {
    const rows = Object.entries(statuses).map(([shot, status]) => `| ${shot} | ${status} |`);
    return [`**${where}**`, '', '| shot | status |', '| --- | --- |', ...rows].join('\n');
  };

  it('shows an operator a table of all shots, those to come too, and then how it ended; and no more', async () => {
    const drawing = gate();
    const run = await runs.start({
      copyReferenceMetadata: () => Promise.resolve({ waves: [['portrait'], ['profile']], total: 2 }),
      async drawShot({ shot }) {
        await drawing.opened;
        if (shot === 'profile') throw failure('CONTENT_REJECTED', { nonRetryable: true });
        return drawnOf(shot);
      },
    });
    await eventually('it draws', () => (run.callsOf('drawShot').length === 1 ? true : undefined));
    assert.equal(await detailsOf(run), tableOf('rendering', { portrait: 'rendering', profile: 'pending' }));
    drawing.open();
    assert.equal(await run.end(), 'FAILED');
    assert.equal(await detailsOf(run), tableOf('failed', { portrait: 'rendered', profile: 'failed' }));
  });

  it('shows an operator that all six are rendered of one that has completed, and no more', async () => {
    const run = await runs.start();
    assert.equal(await run.end(), 'COMPLETED');
    const rendered = Object.fromEntries(shots.map((shot) => [shot, 'rendered' as const]));
    assert.equal(await detailsOf(run), tableOf('completed', rendered));
  });

  it('leads an operator from each shot to the job in the console, where it is known', async () => {
    const url = 'https://doppel.example.com/console/jobs/job_1';
    const run = await runs.start({}, 1, { consoleUrl: url });
    assert.equal(await run.end(), 'COMPLETED');
    const details = await detailsOf(run);
    assert.match(details, new RegExp(`^\\*\\*\\[completed\\]\\(${url}\\)`));
    for (const shot of shots) assert.ok(details.includes(`| [${shot}](${url}#${shot}) | rendered |`), details);
  });

  it('tells the operator of each step what it is', async () => {
    const run = await runs.start();
    assert.equal(await run.end(), 'COMPLETED');
    const { events } = await run.handle.fetchHistory();
    const summaries = (events ?? []).flatMap(
      ({ activityTaskScheduledEventAttributes: drawing, markerRecordedEventAttributes: step, userMetadata }) =>
        drawing == null && step == null
          ? []
          : [String(JSON.parse(Buffer.from(userMetadata?.summary?.data ?? []).toString()))],
    );
    assert.deepEqual(
      summaries.sort(byName),
      [
        ...['Copy what is known of the source', 'Begin to draw', 'Publish the influencer'],
        ...allShots.flatMap((shot) => [`Draw ${shot}`, `Record ${shot}`]),
      ].sort(byName),
    );
  });
});
