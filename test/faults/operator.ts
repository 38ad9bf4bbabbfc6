// What an operator does by hand in Temporal.

import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { WorkflowNotFoundError } from '@temporalio/client';
import { query } from '../../src/db/database.ts';
import type { Dispatch } from '../../src/db/dispatch.ts';
import { jobWorkflowId, startJobWorkflow } from '../../src/temporal/start-workflow.ts';
import { makeVersionCurrent, rampVersion } from '../../src/temporal/worker-versions.ts';
import { eventually } from '../support/eventually.ts';
import type { Random } from './random.ts';
import { workerVersions, type World } from './world.ts';

/** Does something to up to three workflows of jobs that run; gives to how many. */
export async function operate(world: World, random: Random): Promise<number> {
  if (random.share() < 0.3) return letTimePass(world, random);
  const acts = [terminate, reset, cancel, pauseDrawing] as const;
  let done = 0;
  for await (const { workflowId, runId } of world.temporal.client.workflow.list({
    query: `WorkflowType = 'influencerCreate' and ExecutionStatus = 'Running'`,
  })) {
    if (random.share() < 0.7) continue;
    const act: (world: World, run: Run) => Promise<unknown> = random.pick(acts);
    await act(world, { workflowId, runId }).catch((error: unknown) => {
      if (!isTooLate(error)) throw error;
    });
    if (++done === 3) break;
  }
  return done;
}

/** Makes up to two jobs that are drawn so old that their time is up, or that they should have stopped long ago; gives how many. */
async function letTimePass({ database }: World, random: Random): Promise<number> {
  const age = random.pick([
    `rendering_at = rendering_at - interval '1 hour'`,
    `timed_out_at = now() - interval '10 minutes', dispatched_at = dispatched_at - interval '1 minute',
     updated_at = updated_at - interval '1 minute'`,
  ]);
  const aged = await query(
    database,
    `update jobs set ${age} where id in (
       select id from jobs where status = 'running' and rendering_at is not null and timed_out_at is null
       order by random() limit 2
     )
     returning id`,
  );
  return aged.length;
}

/** Has Temporal forget a workflow; one that runs is terminated first, and gone a moment later. */
export async function deleteWorkflow({ client }: World['temporal'], workflowId: string): Promise<void> {
  await client.workflowService.deleteWorkflowExecution({ namespace: 'default', workflowExecution: { workflowId } });
}

/** Deletes the workflows of some jobs that have ended, and starts them again as a dispatcher did; gives how many. */
export async function startEndedOnes({ database, temporal }: World): Promise<number> {
  const ended = await query<Dispatch>(
    database,
    `select j.id as "jobId", j.attempt, j.organization_id as "organizationId", j.project_id as "projectId",
            j.influencer_id as "influencerId", i.source_influencer_id as "sourceInfluencerId", j.kind, o.tier,
            false as "hasWaited"
     from jobs j join influencers i on i.organization_id = j.organization_id and i.id = j.influencer_id
     join organizations o on o.id = j.organization_id
     where j.status <> 'running' and j.dispatched_at is not null order by random() limit 10`,
  );
  for (const job of ended) {
    await deleteWorkflow(temporal, jobWorkflowId(job)).catch(() => undefined); // it is gone, or ends just now
    await startJobWorkflow(temporal.client, job);
  }
  return ended.length;
}

/** Has what begins from now on begin on another version of the workers, or a part of it. */
export async function changeVersion({ temporal }: World, random: Random): Promise<void> {
  const place = { connection: temporal.client.connection, namespace: 'default' };
  const [buildId, other] = [random.pick(workerVersions), random.pick(workerVersions)];
  const percentage = random.pick([10, 50]);
  const change = async () => {
    await makeVersionCurrent(place, buildId);
    if (other !== buildId) await rampVersion(place, other, percentage);
    return true;
  };
  await eventually(`${buildId} is current`, change, { withinMs: 60_000 }); // Temporal has to have heard of its workers on each queue
}

interface Run {
  workflowId: string;
  runId: string;
}

const handleOf = ({ temporal }: World, { workflowId, runId }: Run) =>
  temporal.client.workflow.getHandle(workflowId, runId);
const terminate = (world: World, run: Run) => handleOf(world, run).terminate('an operator');
const cancel = (world: World, run: Run) => handleOf(world, run).cancel();

/** To the end of its first workflow task. */
async function reset(world: World, workflowExecution: Run): Promise<void> {
  const { events } = await handleOf(world, workflowExecution).fetchHistory();
  const ended = events?.find(({ workflowTaskCompletedEventAttributes: task }) => task != null);
  if (ended === undefined) return; // it has not taken a step yet
  await world.temporal.client.workflowService.resetWorkflowExecution({
    ...{
      namespace: 'default',
      workflowExecution,
      workflowTaskFinishEventId: ended.eventId ?? null,
      requestId: randomUUID(),
    },
    reason: 'an operator',
  });
}

/** Its drawings, for three seconds. */
async function pauseDrawing({ temporal }: World, execution: Run): Promise<void> {
  const drawing = { namespace: 'default', execution, type: 'drawShot', identity: 'an operator' };
  await temporal.client.workflowService.pauseActivity({ ...drawing, reason: 'an operator' });
  await delay(3_000);
  await temporal.client.workflowService.unpauseActivity(drawing);
}

/** Whether an operator came too late: it has ended meanwhile, or has no such step yet. */
const isTooLate = (error: unknown): boolean => {
  const { code } = error as { code?: number };
  return error instanceof WorkflowNotFoundError || (code !== undefined && [3, 5, 9].includes(code));
};
