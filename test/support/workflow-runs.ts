// The workflow in Temporal's time-skipping environment: real workflow code and activity options, activities that a test plays.

import { fileURLToPath } from 'node:url';
import { ApplicationFailure, type WorkflowHandle } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { bundleWorkflowCode, DefaultLogger, Worker } from '@temporalio/worker';
import { v7 as newId } from 'uuid';
import type { Drawn } from '../../activities/draw-shot.ts';
import type { Activities } from '../../activities/index.ts';
import type { JobAttempt } from '../../src/domain/job.ts';
import { shots, type Shot } from '../../src/domain/shots.ts';
import { taskQueues } from '../../src/domain/task-queues.ts';
import type { influencerCreate } from '../../workflows/index.ts';
import { createTimeSkippingEnvironment } from './temporal-test-server.ts';

type Step = keyof Activities;
type Input<Name extends Step> = Parameters<Activities[Name]>[0];

/** One call of a step: its name and what it was given. */
type StepCall = { [Name in Step]: { step: Name; input: Input<Name> } }[Step];

export interface WorkflowRun {
  job: JobAttempt;
  handle: WorkflowHandle<typeof influencerCreate>;
  /** In the order in which they began, each try by itself. */
  calls: StepCall[];
  callsOf: <Name extends Step>(step: Name) => Input<Name>[];
  /** How the workflow ended, as Temporal names it. */
  end: () => Promise<string>;
}

export interface WorkflowRuns {
  environment: TestWorkflowEnvironment;
  /** Starts the workflow of a job whose steps work, but for those that are given. */
  start: (steps?: Partial<Activities>, attempt?: number, memo?: Record<string, unknown>) => Promise<WorkflowRun>;
  close: () => Promise<void>;
}

export const workflowsPath = fileURLToPath(new URL('../../workflows', import.meta.url));
export const quietLogger = new DefaultLogger('ERROR', () => undefined);

export const drawnOf = (shot: Shot): Drawn => ({
  sha256: Buffer.from(shot).toString('hex').padEnd(64, '0'),
  provenance: { renderer: 'illustrated', version: 'test', seed: 'test' },
});

/** A failure as activities throw it. */
export const failure = (type: string, { nonRetryable = false } = {}): ApplicationFailure =>
  ApplicationFailure.create({ type, message: `fails with ${type}`, nonRetryable });

const nothing = () => Promise.resolve();

export const workingSteps: Activities = {
  copyReferenceMetadata: () => Promise.resolve({ waves: [[...shots]], total: shots.length }),
  beginShots: nothing,
  drawShot: ({ shot }) => Promise.resolve(drawnOf(shot)),
  recordShot: nothing,
  failShot: nothing,
  publishInfluencer: () => Promise.resolve('published'),
  failJob: nothing,
  cancelJob: nothing,
};

export async function startWorkflowRuns(): Promise<WorkflowRuns> {
  const environment = await createTimeSkippingEnvironment();
  // One pair of workers for the whole file: what a step does is looked up by the job that it is for.
  const runs = new Map<string, { steps: Activities; calls: StepCall[] }>();
  const stepFor = (step: Step) => (input: Input<Step>) => {
    const run = runs.get(input.jobId);
    if (run === undefined) throw new Error('a step of no test');
    run.calls.push({ step, input } as StepCall);
    return (run.steps[step] as (input: Input<Step>) => Promise<unknown>)(input);
  };
  const workflowBundle = await bundleWorkflowCode({ workflowsPath, logger: quietLogger });
  const { drawShot, ...databaseSteps } = Object.fromEntries(
    Object.keys(workingSteps).map((step) => [step, stepFor(step as Step)]),
  );
  const connection = environment.nativeConnection;
  const workers = [
    await Worker.create({
      connection,
      taskQueue: taskQueues.influencers,
      workflowBundle,
      activities: databaseSteps,
      enableNonLocalActivities: false,
    }),
  ];
  for (const taskQueue of [taskQueues.rendering, taskQueues.aiRendering]) {
    workers.push(
      await Worker.create({
        connection,
        taskQueue,
        activities: { drawShot },
        maxHeartbeatThrottleInterval: '100 milliseconds',
        defaultHeartbeatThrottleInterval: '100 milliseconds',
      }),
    );
  }
  const working = Promise.all(workers.map((worker) => worker.run()));
  working.catch(() => undefined); // close() tells

  return {
    environment,
    async start(steps = {}, attempt = 1, memo = {}) {
      const job = { jobId: newId(), attempt };
      const calls: StepCall[] = [];
      runs.set(job.jobId, { steps: { ...workingSteps, ...steps }, calls });
      const handle = await environment.client.workflow.start<typeof influencerCreate>('influencerCreate', {
        workflowId: job.jobId,
        taskQueue: taskQueues.influencers,
        args: [job],
        memo,
        // A query is answered between two workflow tasks; a step that a test holds up ends one after 0.8 of this.
        workflowTaskTimeout: '1 second',
      });
      return {
        job,
        handle,
        calls,
        callsOf: <Name extends Step>(step: Name) =>
          calls.filter((call) => call.step === step).map(({ input }) => input as Input<Name>),
        async end() {
          await handle.result().catch(() => undefined); // how it ended is what is asked for
          return (await handle.describe()).status.name;
        },
      };
    },
    async close() {
      for (const worker of workers) worker.shutdown();
      await working;
      await environment.teardown();
    },
  };
}
