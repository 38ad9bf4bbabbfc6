// Whether what was acknowledged was kept.

import { query } from '../../../src/db/database.ts';
import { formatId } from '../../../src/domain/ids.ts';
import type { Tenant } from '../../support/api.ts';
import { eventually } from '../../support/eventually.ts';
import type { World } from '../world.ts';

/** What a caller holds in hands after a 202. */
export interface Held {
  idempotencyKey: string;
  jobId: string;
  influencerId: string;
}

/**
 * Compares what callers hold with what is stored: each 202 once, and nothing that nobody asked for. `doubts` is how many asked and
 * were left in doubt; each may have had one effect.
 */
export async function compareHeld(
  { database }: World,
  tenants: readonly Tenant[],
  held: readonly Held[],
  doubts = 0,
): Promise<{ missing: string[]; doubled: string[] }> {
  const organizationIds = tenants.map(({ organizationId }) => organizationId);
  const rows = <Row>(sql: string) => query<Row>(database, sql, { organizationIds });
  const jobs = await rows<{ id: string; influencerId: string; ownJobId: string }>(
    `select j.id, i.id as "influencerId", i.job_id as "ownJobId"
     from jobs j join influencers i on i.organization_id = j.organization_id and i.id = j.influencer_id
     where j.organization_id = any(:organizationIds)`,
  );
  const replies = await rows<{ key: string; jobId: string }>(
    `select key, job_id as "jobId" from idempotency_keys where organization_id = any(:organizationIds) and job_id is not null`,
  );
  const influencerOf = new Map(
    jobs
      .filter(({ id, ownJobId }) => id === ownJobId)
      .map(({ id, influencerId }) => [formatId('job', id), formatId('influencer', influencerId)]),
  );
  const jobOf = new Map(replies.map(({ key, jobId }) => [key, formatId('job', jobId)]));
  const missing = held
    .filter(
      ({ idempotencyKey, jobId, influencerId }) =>
        influencerOf.get(jobId) !== influencerId || jobOf.get(idempotencyKey) !== jobId,
    )
    .map(({ jobId }) => `${jobId} was acknowledged, and is not there`);
  const heldIds = new Set(held.map(({ jobId }) => jobId));
  const isHeld = (id: string) => heldIds.has(id);
  const unheld = [...jobs.map(({ id }) => formatId('job', id)).filter((id) => !isHeld(id))];
  const unheldReplies = [...jobOf.values()].filter((id) => !isHeld(id));
  const doubled = [unheld, unheldReplies]
    .filter(({ length }) => length > doubts)
    .map((ids) => `${String(ids.length)} are there that nobody holds: ${ids.slice(0, 3).join()}`);
  if (heldIds.size !== held.length) doubled.push('one job answers two wishes');
  return { missing, doubled };
}

/**
 * Waits until no job of theirs runs, in Postgres and in Temporal, and gives what is wrong with how they ended: stuck, completed
 * without all images, canceled or failed with an influencer that is none of that.
 */
export async function faultsOfEnds(
  { database, temporal }: World,
  tenants: readonly Tenant[],
  { withinMs, mayCancel }: { withinMs: number; mayCancel: boolean },
): Promise<string[]> {
  const organizationIds = tenants.map(({ organizationId }) => organizationId);
  const rows = <Row>(sql: string) => query<Row>(database, sql, { organizationIds });
  const running = () =>
    rows<{ id: string }>(`select id from jobs where organization_id = any(:organizationIds) and status = 'running'`);
  const none = async <Item>(ask: () => Promise<Item[]>) => {
    const left = await ask();
    return left.length === 0 ? left : undefined;
  };
  const stuck = await eventually('no job runs', () => none(running), { withinMs, everyMs: 250 }).catch(running);
  const wrong = await rows<{ id: string; status: string; influencerStatus: string; images: number }>(
    `select * from (
       select j.id, j.status, i.status as "influencerStatus",
              (select count(*)::int from influencer_images m
               where m.organization_id = i.organization_id and m.influencer_id = i.id and m.role = 'rendered') as images
       from jobs j join influencers i on i.organization_id = j.organization_id and i.id = j.influencer_id
       where j.organization_id = any(:organizationIds) and j.status <> 'running'
     ) ended
     where case status when 'completed' then "influencerStatus" <> 'ready' or images <> 6
                       when 'canceled' then "influencerStatus" <> 'failed' or ${mayCancel ? 'false' : 'true'}
                       else true end`,
  );
  const openWorkflows = async () => {
    const open: string[] = [];
    for await (const { workflowId } of temporal.client.workflow.list({
      query: `WorkflowType = 'influencerCreate' and ExecutionStatus = 'Running'`,
    }))
      open.push(workflowId);
    return open;
  };
  const open = await eventually('no workflow runs', () => none(openWorkflows), {
    withinMs: 60_000,
    everyMs: 1_000,
  }).catch(openWorkflows);
  return [
    ...stuck.map(({ id }) => `${formatId('job', id)} has not ended`),
    ...wrong.map(
      ({ id, status, influencerStatus, images }) =>
        `${formatId('job', id)} is ${status} with ${String(images)} images, and its influencer ${influencerStatus}`,
    ),
    ...open.map((id) => `${id} still runs in Temporal`),
  ];
}
