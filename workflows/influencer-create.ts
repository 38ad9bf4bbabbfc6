import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  defineQuery,
  isCancellation,
  proxyActivities,
  proxyLocalActivities,
  setCurrentDetails,
  setHandler,
} from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import type { ErrorCode } from '../src/domain/errors.ts';
import { jobStateQuery, renderFailure, type JobAttempt, type JobStage, type JobState } from '../src/domain/job.ts';
import type { Shot, ShotStatus } from '../src/domain/shots.ts';
import { databaseStep, drawing, recordingStep } from './activity-options.ts';

const { copyReferenceMetadata, beginShots, failShot, publishInfluencer, failJob, cancelJob } =
  proxyLocalActivities<Activities>(databaseStep);
const { recordShot } = proxyLocalActivities<Activities>(recordingStep);
const { drawShot } = proxyActivities<Activities>(drawing);

export const jobState = defineQuery<JobState>(jobStateQuery);

/**
 * Makes an influencer's reference images: copies what is known of the source's, draws each shot, publishes the set. Every
 * step may run twice. A shot that fails for good fails the job, but not the other shots.
 */
export async function influencerCreate(job: JobAttempt): Promise<void> {
  const state: JobState = { stage: 'queued', shots: {} };
  const tell = (stage: JobStage, shots: Partial<Record<Shot, ShotStatus>> = {}) => {
    state.stage = stage;
    Object.assign(state.shots, shots);
    setCurrentDetails(describe(state));
  };
  setHandler(jobState, () => state, { description: 'Stage and shots, as this attempt has them.' });

  try {
    tell('copying_references');
    const plan = await copyReferenceMetadata(job);
    if (plan === null) return; // the attempt has ended in Postgres already: a reset or a late start changes nothing

    const failed: Partial<Record<Shot, ErrorCode>> = {};
    for (const shots of plan.waves) {
      tell('rendering', Object.fromEntries(shots.map((shot) => [shot, 'rendering'])));
      await beginShots({ ...job, shots });
      await Promise.all(
        shots.map(async (shot) => {
          try {
            const drawn = await drawShot.executeWithOptions({ ...drawing, summary: `Draw ${shot}` }, [
              { ...job, shot },
            ]);
            await recordShot({ ...job, shot, drawn });
            tell('rendering', { [shot]: 'rendered' });
          } catch (error) {
            if (isCancellation(error)) throw error;
            failed[shot] = codeOf(error);
            await failShot({ ...job, shot, code: failed[shot] });
            tell('rendering', { [shot]: 'failed' });
          }
        }),
      );
    }

    if (Object.keys(failed).length > 0) {
      const error = renderFailure(failed, plan.total);
      await failJob({ ...job, error });
      throw ApplicationFailure.nonRetryable(error.message, error.code);
    }
    tell('finalizing');
    await publishInfluencer(job);
  } catch (error) {
    if (isCancellation(error)) await CancellationScope.nonCancellable(() => cancelJob(job));
    else if (error instanceof ActivityFailure) await failJob({ ...job, error: internalError });
    throw error;
  }
}

const internalError = {
  code: 'INTERNAL',
  message: 'The job failed by a fault of the service.',
  retryable: true,
  details: null,
} as const;

/** The code that an activity failed with: activities name theirs as the failure's type, and a timeout has none. */
function codeOf(error: unknown): ErrorCode {
  const type =
    error instanceof ActivityFailure && error.cause instanceof ApplicationFailure ? error.cause.type : undefined;
  return type === 'CONTENT_REJECTED' ? type : 'RENDER_FAILED';
}

/** What an operator reads in Temporal's UI while the workflow runs. */
function describe({ stage, shots }: JobState): string {
  const rows = Object.entries(shots).map(([shot, status]) => `| ${shot} | ${status} |`);
  return [`**${stage}**`, '', ...(rows.length > 0 ? ['| shot | status |', '| --- | --- |', ...rows] : [])].join('\n');
}
