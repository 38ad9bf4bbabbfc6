// Row 12: far more at once than can be done.

import { query } from '../../src/db/database.ts';
import { formatId, parseId } from '../../src/domain/ids.ts';
import { createTenant, type Tenant } from '../../test/support/api.ts';
import { until } from '../../test/support/eventually.ts';
import type { Bench, Server } from '../bench.ts';
import { ask } from '../load.ts';
import { clonePerson, completedPerson, jobThat, type MadeJob } from '../people.ts';
import { memoryOf } from '../processes.ts';
import type { Row } from '../row.ts';
import { askForClone } from '../source.ts';
import { acceptsPerSecond } from './accepting.ts';
import { clonesPerSecond } from './running.ts';

const callers = 128;
const drained = 2_000;
const few = 10;

/** How long ten clones of one organization take, in ms: from the first request to the last end. */
async function timeOfFew(server: Server, person: MadeJob): Promise<number> {
  const from = performance.now();
  const jobs = await Promise.all(Array.from({ length: few }, () => clonePerson(server, person)));
  await Promise.all(jobs.map((job) => jobThat(server, job, ({ status }) => status !== 'running', { waits: true })));
  return performance.now() - from;
}

async function countJobs({ database }: Bench, { organizationId }: Tenant, status: string): Promise<number> {
  const [row] = await query<{ count: number }>(
    database,
    'select count(*)::integer as count from jobs where organization_id = :organizationId and status = :status',
    { organizationId, status },
  );
  return row?.count ?? 0;
}

/** Cancels all that still runs of an organization, through the API. */
async function cancelAll(bench: Bench, server: Server, tenant: Tenant): Promise<void> {
  const ids = await query<{ id: string }>(
    bench.database,
    `select id from jobs where organization_id = :organizationId and status = 'running'`,
    { organizationId: tenant.organizationId },
  );
  const left = ids.values();
  const cancelInTurn = async () => {
    for (const { id } of left) {
      const response = await fetch(`${server.url}/v1/jobs/${formatId('job', id)}/cancel`, {
        method: 'POST',
        headers: { 'X-Api-Key': tenant.key },
      });
      // 409: it has ended meanwhile.
      if (response.status !== 202 && response.status !== 200 && response.status !== 409) {
        throw new Error(`a cancellation is answered ${String(response.status)}`);
      }
      await response.arrayBuffer();
    }
  };
  await Promise.all(Array.from({ length: 32 }, cancelInTurn));
  await until('jobs that were canceled end', async () => (await countJobs(bench, tenant, 'running')) === 0, {
    withinMs: 300_000,
    everyMs: 100,
  });
}

export const burst: Row = {
  number: 12,
  what: 'a burst of clones, the limits lifted',
  async measure(bench) {
    const size = bench.effort.burst;
    await bench.startTemporal();
    // Two processes, as production has them: what is accepted is not to wait for the thread that works.
    const doppel = await bench.startDoppel('api');
    const worker = await bench.startOther('others/instant.mjs', { DOPPEL_DATA_DIR: bench.folder, PARTS: 'worker' });
    const memoryOfBoth = async () => (await memoryOf(doppel.pid)) + (await memoryOf(worker.pid));
    const bystander = await completedPerson(bench, doppel);
    const alone = await timeOfFew(doppel, bystander);
    const throughput = clonesPerSecond(bench, doppel, bystander);
    await throughput(bench.effort.seconds);
    const drains = await throughput(bench.effort.seconds);
    const accepts = await acceptsPerSecond(bench, doppel, callers)(bench.effort.seconds);

    const tenant = await createTenant(bench.database);
    const source = await completedPerson(bench, doppel, { tenant });
    const asked = askForClone({ ...tenant, influencerId: parseId('influencer', source.influencerId) });
    const before = await memoryOfBoth();
    const from = performance.now();
    let accepted = 0;
    while (accepted < size) {
      const left = Math.max(2, Math.ceil((size - accepted) / accepts));
      accepted += (await ask(bench, doppel.url, asked, { callers, seconds: Math.min(10, left) })).count;
    }
    const rate = (accepted / (performance.now() - from)) * 1_000;
    const queued = await countJobs(bench, tenant, 'running');
    const memory = (await memoryOfBoth()) - before;

    const behind = await timeOfFew(doppel, bystander);
    const [doneBefore, drainedFrom] = [await countJobs(bench, tenant, 'completed'), performance.now()];
    const isDrained = async () => (await countJobs(bench, tenant, 'completed')) - doneBefore >= drained;
    await until('the first are done', isDrained, { withinMs: 600_000, everyMs: 100 });
    const drainRate = (drained / (performance.now() - drainedFrom)) * 1_000;
    await cancelAll(bench, doppel, tenant);
    await doppel.stop();
    await worker.stop();
    return [
      {
        what: 'accepted a second / those of organizations that wait',
        value: rate / accepts,
        bound: { atLeast: 0.8 },
        detail: `${String(accepted)} at ${rate.toFixed(0)} a second, while jobs run, against ${accepts.toFixed(0)}`,
      },
      {
        what: 'memory for each queued job, in bytes',
        value: memory / queued,
        bound: { atMost: 1_024 },
        detail: `${(memory / 1e6).toFixed(0)} MB more with ${String(queued)} jobs`,
      },
      {
        what: 'done a second while the queue is long / row 10’s rate',
        value: drainRate / drains,
        bound: { atLeast: 0.9 },
        detail: `${drainRate.toFixed(1)} against ${drains.toFixed(1)}, the first ${String(drained)}; the rest is canceled, and ends`,
      },
      {
        what: `${String(few)} clones of another organization behind it, in ms beyond twice as long as alone`,
        value: behind - 2 * alone,
        bound: { atMost: 1_000 },
        detail: `${behind.toFixed(0)} ms against ${alone.toFixed(0)} ms`,
      },
    ];
  },
};
