import { msToNumber } from '@temporalio/common/lib/time.js';
import { query } from '../../../src/db/database.ts';
import { parseId } from '../../../src/domain/ids.ts';
import { drawing } from '../../../workflows/activity-options.ts';
import { createTenant } from '../../support/api.ts';
import { eventually } from '../../support/eventually.ts';
import { seededRandom } from '../random.ts';
import type { Member } from '../members.ts';
import { startWorld, type World } from '../world.ts';
import { latencyOf, Wishes } from './asking.ts';
import { compareHeld, faultsOfEnds } from './kept.ts';
import type { Measure } from './measure.ts';

const drawingMs = 400;
const stickyMs = 1_000;
/** Drawing again what was under way, and the rest. */
const moreMs = 3_000;
const withinMs = msToNumber(drawing.illustrated.heartbeatTimeout) + stickyMs + moreMs;

/** The jobs that a killed worker was drawing for are done soon after. */
export const workerKilled: Measure = async ({ isSmall }) => {
  const kills = isSmall ? 2 : 25;
  const world = await startWorld(seededRandom(Date.now()), { apis: 1, workers: 2, own: { drawingMs } });
  try {
    const tenant = await createTenant(world.database);
    const wishes = new Wishes();
    const done: { ms: number }[] = [];
    const faults: string[] = [];
    while (done.length < kills) {
      await world.untilUp();
      const { body } = await wishes.ask(world, tenant);
      const jobId = String(body.jobId);
      const worker = await eventually('a worker draws', () => drawingFor(world, jobId));
      const killedAt = performance.now();
      worker.signal('SIGKILL');
      const status = await eventually('the job ends', () => endOf(world, jobId), { withinMs: 60_000 });
      done.push({ ms: performance.now() - killedAt });
      if (status !== 'completed') faults.push(`${jobId} is ${status}`);
    }
    const { missing, doubled } = await compareHeld(world, [tenant], wishes.held, wishes.doubts);
    faults.push(...missing, ...doubled, ...world.unexpectedEnds());
    faults.push(...(await faultsOfEnds(world, [tenant], { withinMs, mayCancel: false })));
    const latency = latencyOf(done);
    return {
      holds: faults.length === 0 && latency.max <= withinMs,
      numbers: { kills, withinMs, done: latency },
      faults,
    };
  } finally {
    await world.close();
  }
};

/** The worker in whose hands a drawing of the job is. */
async function drawingFor({ temporal, of }: World, jobId: string): Promise<Member | undefined> {
  const { raw } = await temporal.client.workflow.getHandle(jobId).describe();
  const started = (raw.pendingActivities ?? []).filter(({ lastStartedTime }) => lastStartedTime != null);
  return of('worker').find(({ pid }) =>
    started.some(({ lastWorkerIdentity }) => lastWorkerIdentity?.startsWith(`${String(pid())}@`)),
  );
}

async function endOf({ database }: World, jobId: string): Promise<string | undefined> {
  const rows = await query<{ status: string }>(
    database,
    `select status from jobs where id = :id and status <> 'running'`,
    { id: parseId('job', jobId) },
  );
  return rows[0]?.status;
}
