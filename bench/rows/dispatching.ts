// Row 8: from Postgres to Temporal.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Connection } from '@temporalio/client';
import { v7 as newId } from 'uuid';
import { query } from '../../src/db/database.ts';
import { runningJobsLimits } from '../../src/domain/scopes.ts';
import { shots } from '../../src/domain/shots.ts';
import type { EmbeddedTemporal } from '../../src/embedded/temporal-server.ts';
import { createTenant } from '../../test/support/api.ts';
import { createHome } from '../../test/support/jobs.ts';
import type { Bench } from '../bench.ts';
import { askSteadily } from '../load.ts';
import { compare, type Measurement } from '../pairs.ts';
import { resultOf, type Result, type Row } from '../row.ts';

/** As many starts at a time as the dispatcher makes. */
const concurrency = 16;

/** F3: starts of workflows a second, by calls of the API of Temporal itself. */
const rawStarts =
  ({ address, namespace }: EmbeddedTemporal): Measurement =>
  async ({ warmUp, measured }) => {
    const connection = await Connection.connect({ address });
    const [from, to] = [performance.now() + warmUp * 1_000, performance.now() + (warmUp + measured) * 1_000];
    let started = 0;
    const startInTurn = async () => {
      while (performance.now() < to) {
        await connection.workflowService.startWorkflowExecution({
          namespace,
          workflowId: newId(),
          requestId: newId(),
          workflowType: { name: 'none' },
          taskQueue: { name: 'nobody' },
        });
        const now = performance.now();
        if (now >= from && now < to) started++;
      }
    };
    await Promise.all(Array.from({ length: concurrency }, startInTurn));
    await connection.close();
    return started / measured;
  };

/** Jobs that were accepted by processes which then died: all that a dispatcher has is in the table. */
async function addUndispatched({ database }: Bench, count: number): Promise<void> {
  for (let added = 0; added < count; added += runningJobsLimits.internal) {
    const { organizationId } = await createHome(database);
    await query(
      database,
      `with made as (
         select uuidv7() as influencer_id, uuidv7() as job_id, p.organization_id, p.environment, p.id as project_id
         from projects p, generate_series(1, :number::integer)
         where p.organization_id = :organizationId
       ),
       job as (
         insert into jobs (organization_id, id, environment, project_id, influencer_id, kind, renderer, shots, input)
         select organization_id, job_id, environment, project_id, influencer_id, 'influencer_create', 'illustrated', :shots, '{}'
         from made
       )
       insert into influencers (organization_id, id, environment, project_id, job_id, name, identity, attributes, seed, status)
       select organization_id, influencer_id, environment, project_id, job_id, 'Ava Chen', '{}', '{}', 'seed', 'pending'
       from made`,
      { organizationId, number: Math.min(runningJobsLimits.internal, count - added), shots: [...shots] },
    );
  }
}

async function countUndispatched({ database }: Bench): Promise<number> {
  const [row] = await query<{ count: number }>(
    database,
    `select count(*)::integer as count from jobs where status = 'running' and dispatched_at is null`,
  );
  return row?.count ?? 0;
}

/** Starts a second of a dispatcher that has more to start than it can. */
function dispatches(bench: Bench): Measurement {
  let expected = 500;
  return async ({ warmUp, measured }) => {
    await addUndispatched(bench, Math.ceil(2 * expected * (warmUp + measured)));
    await delay(warmUp * 1_000);
    const [before, from] = [await countUndispatched(bench), performance.now()];
    await delay(measured * 1_000);
    const [after, to] = [await countUndispatched(bench), performance.now()];
    if (after === 0) throw new Error('there was too little to start');
    expected = ((before - after) / (to - from)) * 1_000;
    await query(bench.database, 'update jobs set dispatched_at = now() where dispatched_at is null');
    return expected;
  };
}

/** How long it is from the COMMIT to the call, while so many are accepted a second. */
async function startDelays(bench: Bench, perSecond: number): Promise<Result[]> {
  const file = join(bench.folder, 'start-times');
  const recorder = fileURLToPath(new URL('../others/start-times.mjs', import.meta.url));
  const api = await bench.startDoppel('api', { NODE_OPTIONS: `--import ${recorder}`, TIMES_FILE: file });
  const times: number[] = [];
  const { pairs, seconds } = bench.effort;
  for (let run = 0; run <= pairs; run++) {
    const { key, projectId } = await createTenant(bench.database); // of which no job runs yet
    await askSteadily(
      bench,
      api.url,
      {
        method: 'POST',
        path: `/v1/projects/${projectId}/influencers`,
        headers: { 'X-Api-Key': key, 'Idempotency-Key': 'bench-{n}' },
        body: JSON.stringify({ name: 'Ava Chen' }),
      },
      { perSecond, seconds: seconds.measured },
    );
    process.kill(api.pid, 'SIGUSR2');
    await delay(500);
    if (run > 0) times.push(...(JSON.parse(await readFile(file, 'utf8')) as number[])); // the first one warms up
  }
  await api.stop();
  const sorted = times.toSorted((one, other) => one - other);
  const at = (part: number) => sorted[Math.ceil(part * sorted.length) - 1] ?? Number.NaN;
  const detail = `${String(sorted.length)} starts at ${String(perSecond)} a second`;
  return [
    { what: 'COMMIT to start call, p50, in ms', value: at(0.5), bound: { atMost: 5 }, detail },
    { what: 'COMMIT to start call, p99, in ms', value: at(0.99), bound: { atMost: 25 }, detail },
  ];
}

export const dispatching: Row = {
  number: 8,
  what: 'starts of workflows by the dispatcher',
  async measure(bench) {
    const temporal = await bench.startTemporal();
    await (await bench.startDoppel('worker')).stop(); // it has made sure of the search attributes
    const dispatcher = await bench.startOther('others/dispatcher.mjs');
    const comparison = await compare({ floor: rawStarts(temporal), ours: dispatches(bench) }, bench.effort);
    await dispatcher.stop();
    return [
      resultOf('starts / F3, calls in a loop', { atLeast: 0.95 }, comparison, 'a second'),
      ...(await startDelays(bench, Math.floor(comparison.floor / 2))),
    ];
  },
};
