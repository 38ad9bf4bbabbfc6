import { setTimeout as delay } from 'node:timers/promises';
import { createTenant } from '../../support/api.ts';
import { seededRandom } from '../random.ts';
import { startWorld } from '../world.ts';
import { ask, latencyOf, rounded, steadily, Wishes, type Answer } from './asking.ts';
import { compareHeld, faultsOfEnds } from './kept.ts';
import type { Measure } from './measure.ts';

const perSecond = 16;
/** Of calls that have to be answered, and of the first 202 after the return. */
const withinMs = 1_000;

/** While Postgres is gone every call is told so at once, and when to come back; once it is there, it is used. */
export const postgresAway: Measure = async ({ isSmall }) => {
  const awayMs = isSmall ? 6_000 : 20_000;
  const times = isSmall ? 2 : 5;
  const world = await startWorld(seededRandom(Date.now()), { apis: 2, workers: 1 });
  try {
    const tenant = await createTenant(world.database);
    const wishes = new Wishes();
    const { body: known } = await wishes.ask(world, tenant);
    const paths = [`/v1/jobs/${String(known.jobId)}`, `/v1/influencers/${String(known.influencerId)}`, '/v1/projects'];
    const call = (until: { seconds?: number; signal?: AbortSignal }) =>
      steadily(perSecond, until, async (at, count) => {
        const path = paths[count % 8];
        const answer =
          path === undefined
            ? await wishes.ask(world, tenant, at)
            : await ask(world.random.pick(world.apiUrls) + path, { key: tenant.key, at });
        return { ...answer, isAccepting: path === undefined };
      });
    await call({ seconds: isSmall ? 5 : 20 }); // what comes first is slow
    const away: Answer[] = [];
    const firstMs: number[] = [];
    const faults: string[] = [];
    for (let time = 0; time < times; time++) {
      const done = new AbortController();
      const calling = call({ signal: done.signal });
      await delay(3_000);
      const goneAt = performance.now();
      await world.crashPostgres(awayMs);
      const backAt = performance.now();
      await delay(3_000);
      done.abort();
      const answers = await calling;
      for (const { at, ms, status, retryAfter } of answers) {
        const isTold = status === 503 && retryAfter !== null;
        const wasThere = at < goneAt + 500 || at + ms > backAt; // a session may have finished what it did
        const isDone = status === 200 || status === 202;
        if (!isTold && !(isDone && wasThere))
          faults.push(
            `${rounded(at - goneAt).toString()} ms after it was gone it is answered ${String(status)} after ${rounded(ms).toString()} ms`,
          );
      }
      away.push(...answers.filter(({ at, ms }) => at + ms > goneAt && at < backAt));
      const accepted = answers.filter(
        ({ isAccepting, status, at, ms }) => isAccepting && status === 202 && at + ms > backAt,
      );
      firstMs.push(Math.min(...accepted.map(({ at, ms }) => at + ms - backAt)));
    }
    const { missing, doubled } = await compareHeld(world, [tenant], wishes.held, wishes.doubts);
    faults.push(...missing, ...doubled, ...world.unexpectedEnds());
    faults.push(...(await faultsOfEnds(world, [tenant], { withinMs: 300_000, mayCancel: false })));
    const latency = latencyOf(away);
    const firstAcceptedMs = rounded(Math.max(...firstMs));
    return {
      holds: faults.length === 0 && latency.max <= withinMs && firstAcceptedMs <= withinMs,
      numbers: { times, awaySeconds: awayMs / 1_000, whileAway: latency, firstAcceptedMs, jobs: wishes.held.length },
      faults,
    };
  } finally {
    await world.close();
  }
};
