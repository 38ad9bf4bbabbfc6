import { setTimeout as delay } from 'node:timers/promises';
import { query } from '../../../src/db/database.ts';
import { setTier } from '../../../src/db/organizations.ts';
import { createTenant, createTestKey, type Tenant } from '../../support/api.ts';
import { eventually } from '../../support/eventually.ts';
import type { Tier } from '../../../src/domain/scopes.ts';
import { seededRandom } from '../random.ts';
import { startWorld, type World } from '../world.ts';
import { ask, cancel, forEach, isRefusal, latencyOf, rounded, steadily, Wishes, type Answer } from './asking.ts';
import { compareHeld, faultsOfEnds } from './kept.ts';
import type { Measure } from './measure.ts';
import { memoryMaxMb, watchMemory } from './memory.ts';

const times = 10;
const refusedWithinMs = 1_000;
const mostLater = 1.5;
const watchersMax = 40;

/**
 * Ten times as many jobs as can be done, and bursts past each limit: what is accepted is kept, the rest is refused at once and told
 * when to come back, memory has an end, and a minute later it is as if nothing had been.
 */
export const overload: Measure = async ({ isSmall }) => {
  const seconds = isSmall ? 15 : 120;
  const calmSeconds = isSmall ? 10 : 120;
  const queuedJobsMax = isSmall ? 1_200 : 2_500; // past what one organization may have queued
  const world = await startWorld(seededRandom(Date.now()), {
    apis: 2,
    workers: 1,
    own: { queuedJobsMax, watchersMax },
  });
  try {
    const tenantOf = async (tier: Tier): Promise<Tenant> => {
      const tenant = await createTenant(world.database);
      await setTier(world.database, tenant.organizationId, tier);
      return tenant;
    };
    const [calm, storming, partner, standard] = [
      await tenantOf('internal'),
      await tenantOf('internal'),
      await tenantOf('partner'),
      await tenantOf('standard'),
    ];
    const tenants = [calm, storming, partner, standard];
    const wishes = new Wishes();

    const completedPerSecond = await rateOf(world, calm, wishes, isSmall ? 40 : 200);
    const probe = () =>
      steadily(10, { seconds: calmSeconds }, async (at) => {
        const answer = await wishes.ask(world, calm, at);
        if (answer.status === 202) await cancel(world, calm, answer.body.jobId);
        return answer;
      });
    await probe();
    const before = await probe();

    const memory = await watchMemory(world);
    const keys = [partner.key];
    while (keys.length < 6) keys.push(await createTestKey(world.database, partner.organizationId));
    const asked: (Answer & { tenant: Tenant })[] = [];
    const askAs = async (tenant: Tenant, at?: number) => {
      asked.push({ ...(await wishes.ask(world, tenant, at)), tenant });
    };
    // Past the calls of a key and the queue of an organization; then past the queue of all, and those who may watch.
    await forEach(
      Array.from({ length: 60 }, () => standard),
      16,
      askAs,
    );
    await forEach(
      keys.flatMap((key) => Array.from({ length: 280 }, () => ({ ...partner, key }))),
      32,
      askAs,
    );
    const flooding = steadily(times * completedPerSecond, { seconds }, (at) => askAs(storming, at));
    const watched = asked.find(({ tenant, status }) => tenant.key === partner.key && status === 202);
    const watches = await Promise.all(
      Array.from({ length: 2 * watchersMax }, () =>
        ask(`${String(world.apiUrls[0])}/v1/jobs/${String(watched?.body.jobId)}`, {
          key: partner.key,
          headers: { Prefer: 'wait=3' },
        }),
      ),
    );
    await flooding;
    const stormEndedAt = performance.now();
    const grown = memory();

    const accepted = asked.filter(({ status }) => status === 202);
    await forEach(accepted.slice(isSmall ? 20 : 100), 8, ({ tenant, body }) => cancel(world, tenant, body.jobId));
    await endOfAll(world, tenants);
    await delay(Math.max(0, stormEndedAt + (isSmall ? 10_000 : 60_000) - performance.now()));
    const after = await probe();

    const refused = asked.filter(({ status }) => status !== 202);
    const faults = [...refused, ...watches.filter(({ status }) => status !== 200)]
      // One that Postgres had no time for is refused as well: it stays in doubt, and is looked for below.
      .filter(({ status, retryAfter }) => (status !== 429 && status !== 503) || retryAfter === null)
      .map(({ status, body }) => `it is answered ${String(status)} ${JSON.stringify(body)}`);
    const reached: Record<string, number> = {};
    for (const answer of [...refused, ...watches].filter(isRefusal)) {
      const { error } = answer.body;
      const which = String(error.details?.limit ?? error.message);
      reached[which] = (reached[which] ?? 0) + 1;
    }
    faults.push(...(await faultsOfEnds(world, tenants, { withinMs: 300_000, mayCancel: true })));
    const { missing, doubled } = await compareHeld(world, tenants, wishes.held, wishes.doubts);
    faults.push(...missing, ...doubled, ...world.unexpectedEnds());
    const refusals = latencyOf([...refused, ...watches.filter(({ status }) => status !== 200)]);
    const [latencyBefore, latencyAfter] = [latencyOf(before), latencyOf(after)];
    const ratio = {
      p50: rounded(latencyAfter.p50 / latencyBefore.p50),
      p99: rounded(latencyAfter.p99 / latencyBefore.p99),
    };
    return {
      holds:
        faults.length === 0 &&
        Object.keys(reached).length === 4 &&
        refusals.max <= refusedWithinMs &&
        ratio.p50 <= mostLater &&
        ratio.p99 <= mostLater &&
        Object.values(grown).every(({ mostMb }) => mostMb <= memoryMaxMb),
      numbers: {
        completedPerSecond,
        asked: asked.length,
        accepted: latencyOf(accepted),
        refused: refusals,
        reached,
        memory: grown,
        before: latencyBefore,
        after: latencyAfter,
        ratio,
      },
      faults,
    };
  } finally {
    await world.close();
  }
};

/** How many jobs a second are completed while enough wait. */
async function rateOf(world: World, tenant: Tenant, wishes: Wishes, jobs: number): Promise<number> {
  await forEach(
    Array.from({ length: jobs }, () => tenant),
    8,
    (one) => wishes.ask(world, one),
  );
  await endOfAll(world, [tenant]);
  const rows = await query<{ rate: number }>(
    world.database,
    `select (count(*) - 1) / extract(epoch from max(finished_at) - min(finished_at))::float8 as rate
     from jobs where organization_id = :organizationId`,
    { organizationId: tenant.organizationId },
  );
  return rounded(rows[0]?.rate ?? 0);
}

const endOfAll = ({ database }: World, tenants: readonly Tenant[]): Promise<true> =>
  eventually(
    'no job runs',
    async () => {
      const rows = await query(
        database,
        `select from jobs where organization_id = any(:organizationIds) and status = 'running' limit 1`,
        { organizationIds: tenants.map(({ organizationId }) => organizationId) },
      );
      return rows.length === 0 ? true : undefined;
    },
    { withinMs: 900_000, everyMs: 250 },
  );
