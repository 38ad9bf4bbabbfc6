// What must be true of everything when the faults are over.

import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { query } from '../../src/db/database.ts';
import { formatId } from '../../src/domain/ids.ts';
import { workflowIdOf } from '../../src/domain/job.ts';
import { call } from '../support/api.ts';
import { eventually } from '../support/eventually.ts';
import type { Journal } from './callers.ts';
import { compareObjects } from './objects.ts';
import { compareTold } from './told.ts';
import type { Verdict } from './verdict.ts';
import type { World } from './world.ts';

interface JobRow {
  id: string;
  organizationId: string;
  influencerId: string;
  status: string;
  attempt: number;
  lastSeq: number;
  influencerStatus: string;
  shots: number;
  images: number;
  seqs: number[];
  statuses: string[];
  progresses: number[];
  attempts: number[];
  /** What each event tells: its attempt, status, stage and shot. */
  tellings: string[];
  objects: { key: string; sizeBytes: number }[];
}

interface RunningJob {
  id: string;
  attempt: number;
  stage: string;
  restarts: number;
  isDispatched: boolean;
  updatedAt: Date;
}

/** What is known of a job that does not end: why it does not has to be found by it, the world is gone then. */
async function stateOf({ temporal }: World, { id, attempt, ...job }: RunningJob): Promise<string> {
  const workflowId = workflowIdOf({ jobId: formatId('job', id), attempt });
  const workflow = await temporal.client.workflow
    .getHandle(workflowId)
    .describe()
    .then(
      ({ status, historyLength, raw }) => ({
        status: status.name,
        historyLength,
        pendingWorkflowTask: raw.pendingWorkflowTask,
        pendingActivities: raw.pendingActivities,
      }),
      String,
    );
  return `${workflowId} ${JSON.stringify({ ...job, workflow })}`;
}

/** Waits until every job has ended, as long as `endWithinMs`, and compares callers, Postgres, Temporal and the storage. */
export async function judge(
  world: World,
  journal: Journal,
  { mayFail, endWithinMs }: { mayFail: boolean; endWithinMs: number },
): Promise<Verdict> {
  const organizationIds = journal.tenants.map(({ organizationId }) => organizationId);
  const running = () =>
    query<RunningJob>(
      world.database,
      `select id, attempt, stage, restarts, dispatched_at is not null as "isDispatched", updated_at as "updatedAt"
       from jobs where organization_id = any(:organizationIds) and status = 'running'`,
      { organizationIds },
    );
  const stuck = await eventually('no job runs', async () => ((await running()).length === 0 ? [] : undefined), {
    withinMs: endWithinMs,
    everyMs: 500,
  }).catch(running);
  const verdict: Verdict = {
    jobs: 0,
    failed: 0,
    lost: [],
    doubled: [],
    stuck: await Promise.all(stuck.map((job) => stateOf(world, job))),
    wrong: [...journal.faults],
  };

  const rows = await query<JobRow>(
    world.database,
    `select j.id, j.organization_id as "organizationId", j.influencer_id as "influencerId", j.status, j.attempt,
            j.last_seq as "lastSeq", f.status as "influencerStatus",
            (select count(*)::int from job_shots s where s.organization_id = j.organization_id and s.job_id = j.id and s.status = 'rendered') as shots,
            (select count(*)::int from influencer_images i where i.organization_id = j.organization_id and i.influencer_id = j.influencer_id and i.role = 'rendered') as images,
            e.seqs, e.statuses, e.progresses, e.attempts, e.tellings,
            coalesce((select jsonb_agg(jsonb_build_object('key', a.storage_key, 'sizeBytes', a.size_bytes))
                      from job_shots s join assets a on a.organization_id = s.organization_id and a.id = s.asset_id
                      where s.organization_id = j.organization_id and s.job_id = j.id), '[]') as objects
     from jobs j
     join influencers f on f.organization_id = j.organization_id and f.id = j.influencer_id,
     lateral (select array_agg(seq order by seq) as seqs, array_agg(status order by seq) as statuses,
                     array_agg(progress::float8 order by seq) as progresses, array_agg(attempt order by seq) as attempts,
                     array_agg(concat_ws(' ', attempt, status, stage, shot) order by seq) as tellings
              from job_events where organization_id = j.organization_id and job_id = j.id) e
     where j.organization_id = any(:organizationIds)`,
    { organizationIds },
  );
  const jobs = new Map(rows.map((row) => [formatId('job', row.id), row]));
  verdict.jobs = rows.length;

  const claimed = new Map<string, string>();
  for (const wish of journal.wishes) {
    const { operation, answers, final, ownId, tenant, idempotencyKey } = wish;
    const outcomes = new Set(answers.map(({ status, jobId }) => `${String(status)} ${String(jobId)}`));
    if (operation === 'create' || operation === 'clone') {
      if (outcomes.size > 1) verdict.doubled.push(`${idempotencyKey} was answered ${[...outcomes].join(' and ')}`);
      if (final?.status === 202 && final.jobId !== null) {
        const job = jobs.get(final.jobId);
        if (job === undefined) verdict.lost.push(final.jobId);
        else if (job.organizationId !== tenant.organizationId)
          verdict.wrong.push(`${final.jobId} is another organization's`);
        if (claimed.has(final.jobId)) verdict.doubled.push(`${final.jobId} answers two wishes`);
        claimed.set(final.jobId, idempotencyKey);
        if (ownId !== null && job !== undefined && job.influencerId !== ownId)
          verdict.wrong.push(`${final.jobId} has another id`);
      }
    }
    if (operation === 'refused' && final?.status === 422 && ownId !== null) {
      const left = await query(world.database, 'select from influencers where id = :ownId', { ownId });
      if (left.length > 0) verdict.wrong.push(`a refused request left ${ownId}`);
    }
  }
  // Wishes given up in doubt may have had one effect each, and no more.
  const inDoubt = journal.wishes.filter(
    ({ operation, final }) => ['create', 'clone'].includes(operation) && final === null,
  );
  const unclaimed = [...jobs.keys()].filter((id) => !claimed.has(id));
  if (unclaimed.length > inDoubt.length)
    verdict.doubled.push(`${String(unclaimed.length)} jobs that nobody asked for: ${unclaimed.slice(0, 3).join()}`);

  for (const [id, job] of jobs) {
    verdict.wrong.push(...(await faultsOf(id, job, world)));
    if (job.status === 'failed') verdict.failed++;
    if (job.status === 'failed' && !mayFail) verdict.wrong.push(`${id} failed`);
  }
  await compareTold(world, journal, verdict);
  await compareObjects(world, verdict);
  await compareWithApi(world, journal, jobs, verdict);
  await compareWithTemporal(world, jobs, verdict);
  verdict.wrong.push(...(await faultsInSessions(world)), ...(await faultsInLogs(world)), ...world.unexpectedEnds());
  return verdict;
}

const ends = ['completed', 'failed', 'canceled'];

/** What is wrong with one job by itself. */
async function faultsOf(id: string, job: JobRow, { objectsFolder }: World): Promise<string[]> {
  const faults: string[] = [];
  const isGapless = job.seqs.every((seq, index) => seq === index + 1) && job.seqs.length === job.lastSeq;
  if (!isGapless) faults.push(`${id} has the events ${job.seqs.join()} of ${String(job.lastSeq)}`);
  job.seqs.forEach((_, index) => {
    if (index === 0 || job.attempts[index] !== job.attempts[index - 1]) return;
    if ((job.progresses[index] ?? 0) < (job.progresses[index - 1] ?? 0)) faults.push(`${id} fell back in progress`);
    if (ends.includes(job.statuses[index - 1] ?? '')) faults.push(`${id} went on after its end`);
  });
  if (new Set(job.tellings).size !== job.tellings.length)
    faults.push(`${id} tells the same twice: ${job.tellings.join(', ')}`);
  const byAttempt = job.attempts.filter((_, index) => ends.includes(job.statuses[index] ?? ''));
  if (new Set(byAttempt).size !== byAttempt.length) faults.push(`${id} ended twice in one attempt`);
  if (job.status === 'completed' && (job.shots !== 6 || (job.influencerStatus !== 'deleted' && job.images !== 6))) {
    faults.push(`${id} is completed with ${String(job.shots)} shots and ${String(job.images)} images`);
  }
  const expected: Record<string, string[]> = {
    completed: ['ready', 'deleted'],
    failed: ['failed', 'deleted'],
    canceled: ['failed', 'deleted'],
  };
  if (!(expected[job.status] ?? [job.influencerStatus]).includes(job.influencerStatus)) {
    faults.push(`${id} is ${job.status} and its influencer ${job.influencerStatus}`);
  }
  for (const { key, sizeBytes } of job.objects) {
    const size = await stat(join(objectsFolder, key)).then(
      (file) => file.size,
      () => null,
    );
    if (size !== sizeBytes)
      faults.push(`${id}: ${key} has ${String(size)} bytes, and its row says ${String(sizeBytes)}`);
  }
  return faults;
}

async function compareWithApi(
  world: World,
  { tenants }: Journal,
  jobs: Map<string, JobRow>,
  verdict: Verdict,
): Promise<void> {
  const keys = new Map(tenants.map(({ organizationId, key }) => [organizationId, key]));
  const [url = ''] = world.apiUrls;
  for (const [id, job] of jobs) {
    const { status, body } = await call(`${url}/v1/jobs/${id}`, { key: keys.get(job.organizationId) ?? '' });
    if (job.influencerStatus === 'deleted' && status === 404) continue;
    if (status !== 200 || body.status !== job.status) {
      verdict.wrong.push(`${id} is ${job.status}, and the API answers ${String(status)} ${String(body.status)}`);
    }
    const other = tenants.find(({ organizationId }) => organizationId !== job.organizationId);
    if (other && (await call(`${url}/v1/jobs/${id}`, { key: other.key })).status !== 404) {
      verdict.wrong.push(`${id} is seen by another organization`);
    }
  }
}

async function compareWithTemporal({ temporal }: World, jobs: Map<string, JobRow>, verdict: Verdict): Promise<void> {
  for await (const { workflowId } of temporal.client.workflow.list({ query: `WorkflowType = 'influencerCreate'` })) {
    if (!jobs.has(workflowId.split('.')[0] ?? '')) verdict.wrong.push(`${workflowId} is of no job`);
  }
  const left = await eventually(
    'no workflow of a job runs',
    async () => {
      const open: string[] = [];
      for await (const { workflowId } of temporal.client.workflow.list({
        query: `WorkflowType = 'influencerCreate' and ExecutionStatus = 'Running'`,
      })) {
        if (jobs.has(workflowId.split('.')[0] ?? '')) open.push(workflowId);
      }
      return open.length === 0 ? open : undefined;
    },
    { withinMs: 60_000, everyMs: 1_000 },
  ).catch((error: unknown) => [String(error)]);
  verdict.wrong.push(...left.map((id) => `${id} still runs in Temporal`));
}

/** No process keeps more sessions than its pools have, and none is left in a transaction. */
async function faultsInSessions({ database, members }: World): Promise<string[]> {
  const [sessions] = await query<{ open: number; left: number }>(
    database,
    `select count(*)::int as open,
            (count(*) filter (where state like 'idle in transaction%' and state_change < now() - interval '10 seconds'))::int as left
     from pg_stat_activity where application_name = 'doppel'`,
  );
  const { open = 0, left = 0 } = sessions ?? {};
  const most = members.reduce((sum, { role }) => sum + sessionsOf[role], 0);
  return [
    ...(open > most ? [`${String(open)} sessions are open, of ${String(most)}`] : []),
    ...(left > 0 ? [`${String(left)} sessions are left in a transaction`] : []),
  ];
}

/** The pool and one that listens; the pools of jobs and of webhooks. */
const sessionsOf = { api: 10 + 1, worker: 10 + 5 };

/** Errors of requests have a request's id, no rejection went unhandled, and no workflow went otherwise than its history. */
async function faultsInLogs({ folder }: World): Promise<string[]> {
  const faults: string[] = [];
  for (const name of await readdir(join(folder, 'logs'))) {
    if (!/^(api|worker)-/.test(name)) continue;
    for await (const line of createInterface(createReadStream(join(folder, 'logs', name)))) {
      const isNameless = name.startsWith('api-') && line.includes('"level":50') && !line.includes('"requestId":"req_');
      if (isNameless || /unhandled|uncaught|TypeError|ReferenceError|TMPRL1100/i.test(line))
        faults.push(`${name}: ${line.slice(0, 300)}`);
    }
  }
  return faults.slice(0, 20);
}
