import assert from 'node:assert/strict';
import fc from 'fast-check';
import { jobStages, progressOf, renderFailure, workflowIdOf } from '../../src/domain/job.ts';
import { shots, shotStatuses, wavesAfterLost, wavesOf, type Shot, type ShotStatus } from '../../src/domain/shots.ts';

describe('the progress of a job', () => {
  const wanted = fc.subarray([...shots], { minLength: 1 });
  const settle = (names: readonly Shot[], status: ShotStatus) =>
    Object.fromEntries(names.map((shot) => [shot, status])) as Partial<Record<Shot, ShotStatus>>;

  it('rises from stage to stage and stays below 1 until the end, whatever the shots', () => {
    fc.assert(
      fc.property(wanted, fc.array(fc.constantFrom(...shotStatuses)), (names, statuses) => {
        const shotStatuses = Object.fromEntries(names.flatMap((shot, i) => (statuses[i] ? [[shot, statuses[i]]] : [])));
        const steps = jobStages.map((stage) => progressOf(stage, { shots: names, shotStatuses }));
        assert.equal(steps[0], 0);
        for (const [i, step] of steps.entries()) {
          assert.ok(step < 1);
          if (i > 0) assert.ok(step > (steps[i - 1] ?? 1), `${String(jobStages[i])} is not after the stage before`);
        }
      }),
    );
  });

  it('rises with each shot that is settled, rendered or failed, and by equal steps', () => {
    fc.assert(
      fc.property(wanted, fc.constantFrom('rendered', 'failed'), (names, status) => {
        const steps = [...names.keys(), names.length].map((count) =>
          progressOf('rendering', { shots: names, shotStatuses: settle(names.slice(0, count), status) }),
        );
        for (const [i, step] of steps.entries()) {
          if (i > 0) assert.ok(Math.abs(step - (steps[i - 1] ?? 0) - 0.9 / names.length) < 1e-9);
        }
      }),
    );
  });

  it('does not count shots that are only under way, or not of this job', () => {
    const begun = progressOf('rendering', { shots: ['portrait'], shotStatuses: {} });
    for (const shotStatuses of [
      settle(['portrait'], 'rendering'),
      settle(['portrait'], 'pending'),
      settle(['profile'], 'rendered'),
    ]) {
      assert.equal(progressOf('rendering', { shots: ['portrait'], shotStatuses }), begun);
    }
  });
});

describe('the failure of a job', () => {
  it('names the shots and can be retried', () => {
    assert.deepEqual(renderFailure({ profile: 'RENDER_FAILED', smiling: 'CONTENT_REJECTED' }, 6), {
      code: 'RENDER_FAILED',
      message: '2 of 6 images could not be rendered: profile, smiling.',
      retryable: true,
      details: { shots: ['profile', 'smiling'] },
    });
  });

  it('is CONTENT_REJECTED, and not worth a retry, when every failed shot was rejected', () => {
    const failure = renderFailure({ profile: 'CONTENT_REJECTED', portrait: 'CONTENT_REJECTED' }, 6);
    assert.deepEqual([failure.code, failure.retryable], ['CONTENT_REJECTED', false]);
  });
});

describe('a workflow', () => {
  it('is named after its job, and after the attempt from the second on', () => {
    assert.equal(workflowIdOf({ jobId: 'job_1', attempt: 1 }), 'job_1');
    assert.equal(workflowIdOf({ jobId: 'job_1', attempt: 2 }), 'job_1.2');
  });
});

describe('the waves of a renderer', () => {
  it('hold every wanted shot once, and none is empty', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...Object.values(wavesOf)),
        fc.subarray([...shots]),
        fc.boolean(),
        (waves, wanted, has) => {
          const made = waves(wanted, has);
          assert.deepEqual(made.flat().sort(), wanted.toSorted());
          for (const wave of made) assert.ok(wave.length > 0);
        },
      ),
    );
  });

  it('draw an anchor first where a model draws, unless the job has one', () => {
    assert.deepEqual(wavesOf.ai(shots, false), [['portrait'], shots.slice(1)]);
    assert.deepEqual(wavesOf.ai(['smiling'], false), [['smiling']]);
    assert.deepEqual(wavesOf.ai(['profile', 'smiling'], true), [['profile', 'smiling']]);
    assert.deepEqual(wavesOf.illustrated(shots, false), [[...shots]]);
  });

  it('begin with another anchor where the first was lost', () => {
    assert.deepEqual(wavesAfterLost([['profile', 'smiling', 'half_length']]), [
      ['profile'],
      ['smiling', 'half_length'],
    ]);
    assert.deepEqual(wavesAfterLost([['profile']]), [['profile']]);
    assert.deepEqual(wavesAfterLost([]), []);
  });
});
