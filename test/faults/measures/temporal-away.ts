import { createTenant } from '../../support/api.ts';
import { seededRandom } from '../random.ts';
import { startWorld } from '../world.ts';
import { cancel, latencyOf, steadily, Wishes, type Answer } from './asking.ts';
import { compareHeld, faultsOfEnds } from './kept.ts';
import type { Measure } from './measure.ts';

const perSecond = 20;
/** One job in so many is run; the others are canceled at once, so that all that waited can be run in bounded time. */
const runsOneIn = 20;

/** While Temporal is gone jobs are accepted as before, and once it is back all of them end. */
export const temporalAway: Measure = async ({ isSmall, minutes }) => {
  const besideSeconds = isSmall ? 10 : 60;
  const world = await startWorld(seededRandom(Date.now()), { apis: 2, workers: 1 });
  try {
    const tenant = await createTenant(world.database);
    const wishes = new Wishes();
    const acceptFor = (seconds: number): Promise<Answer[]> =>
      steadily(perSecond, { seconds }, async (at, count) => {
        const answer = await wishes.ask(world, tenant, at);
        if (answer.status === 202 && count % runsOneIn !== 0) await cancel(world, tenant, answer.body.jobId);
        return answer;
      });
    await acceptFor(besideSeconds / 4); // what comes first is slow
    const before = await acceptFor(besideSeconds);
    await world.temporal.kill();
    const during = await acceptFor(minutes * 60);
    await world.temporal.restart();
    const backAt = performance.now();
    const after = await acceptFor(besideSeconds);
    const faults = await faultsOfEnds(world, [tenant], { withinMs: 900_000, mayCancel: true });
    const endedAfterSeconds = Math.round((performance.now() - backAt) / 1_000);
    const { missing, doubled } = await compareHeld(world, [tenant], wishes.held, wishes.doubts);
    faults.push(...missing, ...doubled, ...world.unexpectedEnds());
    const accepted = during.filter(({ status }) => status === 202);
    const acceptedShare = accepted.length / during.length;
    const [latencyBefore, latencyDuring] = [latencyOf(before), latencyOf(during)];
    return {
      holds: faults.length === 0 && acceptedShare >= 0.9999 && latencyDuring.p99 <= 1.5 * latencyBefore.p99,
      numbers: {
        minutes,
        acceptedShare,
        before: latencyBefore,
        during: latencyDuring,
        after: latencyOf(after),
        endedAfterSeconds,
        jobs: wishes.held.length,
      },
      faults,
    };
  } finally {
    await world.close();
  }
};
