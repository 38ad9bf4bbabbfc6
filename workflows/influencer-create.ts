import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  CancelledFailure,
  defineQuery,
  isCancellation,
  proxyActivities,
  proxyLocalActivities,
  setCurrentDetails,
  setHandler,
  setWorkflowOptions,
  sleep,
  TemporalFailure,
  workflowInfo,
} from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import type { ErrorCode, JobError } from '../src/domain/errors.ts';
import {
  consoleUrlMemo,
  jobStateQuery,
  renderFailure,
  type JobAttempt,
  type JobStage,
  type JobState,
} from '../src/domain/job.ts';
import { wavesAfterLost, type RendererName, type Shot, type ShotStatus } from '../src/domain/shots.ts';
import { databaseStep, drawing, recordingStep } from './activity-options.ts';

/** Steps with what an operator reads beside them in Temporal's UI. */
const summarized = (summary: string) => proxyLocalActivities<Activities>({ ...databaseStep, summary });

const { copyReferenceMetadata } = summarized('Copy what is known of the source');
const { beginShots } = summarized('Begin to draw');
const { publishInfluencer } = summarized('Publish the influencer');
const { failJob } = summarized('Fail the job');
const { cancelJob } = summarized('Cancel the job');
// Those of a shot name it.
const { failShot } = proxyLocalActivities<Activities>(databaseStep);
const { recordShot } = proxyLocalActivities<Activities>(recordingStep);
const { drawShot } = proxyActivities<Activities>(drawing.illustrated);

// Where workers have versions, a job ends on the one that it began on: its code may change freely from release to release. Temporal
// refuses to hear of it from a worker that has none.
setWorkflowOptions(
  () => (workflowInfo().currentDeploymentVersion?.deploymentName ? { versioningBehavior: 'PINNED' } : {}),
  influencerCreate,
);

const jobState = defineQuery<JobState>(jobStateQuery);

/**
 * Makes an influencer's reference images: copies what is known of the source's, draws each shot, publishes the set. Every
 * step may run twice. A shot that fails for good fails the job, but not the other shots.
 */
export async function influencerCreate(job: JobAttempt): Promise<void> {
  const state: JobState = { stage: 'queued', shots: {} };
  const tell = (stage: JobStage, shots: Partial<Record<Shot, ShotStatus>> = {}) => {
    state.stage = stage;
    Object.assign(state.shots, shots);
    setCurrentDetails(describe(stage, state));
  };
  const conclude = (end: 'completed' | 'failed' | 'canceled') => {
    setCurrentDetails(describe(end, state));
  };
  setHandler(jobState, () => state, { description: 'Stage and shots, as this attempt has them.' });

  const failed: Partial<Record<Shot, ErrorCode>> = {};
  const makeShot = async (shot: Shot, renderer: RendererName): Promise<void> => {
    try {
      const options = { ...drawing[renderer], summary: `Draw ${shot}` };
      const drawn = await drawShot.executeWithOptions(options, [{ ...job, shot }]);
      const recording = { ...recordingStep, summary: `Record ${shot}` };
      const recorded = undisturbed(() => recordShot.executeWithOptions(recording, [{ ...job, shot, drawn }]));
      await Promise.race([recorded, CancellationScope.current().cancelRequested]); // the storage may be away for long
      tell('rendering', { [shot]: 'rendered' });
    } catch (error) {
      if (isCancellation(error)) throw error;
      const code = codeOf(error);
      failed[shot] = code;
      const givingUp = { ...databaseStep, summary: `Give ${shot} up` };
      await undisturbed(() => failShot.executeWithOptions(givingUp, [{ ...job, shot, code }]));
      tell('rendering', { [shot]: 'failed' });
    }
  };

  let failure: JobError;
  try {
    tell('copying_references');
    const plan = await undisturbed(() => copyReferenceMetadata(job));
    if (plan === null) return; // the attempt has ended in Postgres already: a reset or a late start changes nothing
    const { renderer = 'illustrated' } = plan; // the only one there was when plans did not name it
    let hasBegun = plan.hasBegun === true;
    tell('copying_references', Object.fromEntries(plan.waves.flat().map((shot) => [shot, 'pending'])));
    for (let [shots, ...after] = plan.waves; shots !== undefined; [shots, ...after] = after) {
      tell('rendering', Object.fromEntries(shots.map((shot) => [shot, 'rendering'])));
      if (!hasBegun) await undisturbed(() => beginShots({ ...job, shots }));
      hasBegun = false;
      if (plan.delayMs !== undefined) await sleep(plan.delayMs, { summary: 'Simulated' }); // here, where it holds up no worker
      await all(shots.map((shot) => makeShot(shot, renderer)));
      if (shots.every((shot) => shot in failed)) after = wavesAfterLost(after);
    }
    if (Object.keys(failed).length === 0) {
      tell('finalizing');
      const end = await undisturbed(() => publishInfluencer(job));
      // Asked to stop before it could be published: that it is canceled will be heard here too late.
      if (end === 'stopped') throw new CancelledFailure('The job was stopped.');
      conclude('completed');
      return;
    }
    failure = renderFailure(failed, plan.total);
  } catch (error) {
    if (isCancellation(error)) {
      await CancellationScope.nonCancellable(() => cancelJob(job));
      conclude('canceled');
      throw error;
    }
    // Anything else than a step's failure is a fault of this code: Temporal then waits for a worker that has it mended.
    if (!(error instanceof TemporalFailure)) throw error;
    failure = internalError;
  }
  await CancellationScope.nonCancellable(() => failJob({ ...job, error: failure }));
  conclude('failed');
  throw ApplicationFailure.nonRetryable(failure.message, failure.code);
}

/**
 * Does a step that a cancellation does not break off: where its result and the cancellation come at once, the SDK fails the workflow's
 * task. Once canceled, none begins.
 */
async function undisturbed<Result>(step: () => Promise<Result>): Promise<Result> {
  if (CancellationScope.current().consideredCancelled) throw new CancelledFailure('The job was canceled.');
  return CancellationScope.nonCancellable(step);
}

/** Waits for all, also when one fails, so that no step is under way when the job ends; then throws the first failure. */
async function all(steps: Promise<void>[]): Promise<void> {
  await Promise.allSettled(steps);
  await Promise.all(steps);
}

const internalError: JobError = {
  code: 'INTERNAL',
  message: 'The job failed by a fault of the service.',
  retryable: true,
  details: null,
};

/** The code that a step failed with: activities name theirs as the failure's type, and a timeout has none. */
function codeOf(error: unknown): ErrorCode {
  const cause = error instanceof ActivityFailure ? error.cause : error; // a local activity's failure comes bare
  const type = cause instanceof ApplicationFailure ? cause.type : undefined;
  return type === 'CONTENT_REJECTED' || type === 'RATE_LIMITED' ? type : 'RENDER_FAILED';
}

/** What an operator reads in Temporal's UI: where the job stands, or how it ended. */
function describe(where: string, { shots }: JobState): string {
  const url = workflowInfo().memo?.[consoleUrlMemo];
  const linked = (text: string, anchor = '') => (typeof url === 'string' ? `[${text}](${url}${anchor})` : text);
  const rows = Object.entries(shots).map(([shot, status]) => `| ${linked(shot, `#${shot}`)} | ${status} |`);
  return [`**${linked(where)}**`, '', ...(rows.length > 0 ? ['| shot | status |', '| --- | --- |', ...rows] : [])].join(
    '\n',
  );
}
