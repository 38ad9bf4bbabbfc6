import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { constants, setPriority } from 'node:os';
import { fileURLToPath } from 'node:url';
import { setTier } from '../../../src/db/organizations.ts';
import { createTenant } from '../../support/api.ts';
import { seededRandom } from '../random.ts';
import { startWorld } from '../world.ts';
import { latencyOf, rounded, steadily, Wishes, type Answer } from './asking.ts';
import { compareHeld } from './kept.ts';
import type { Measure } from './measure.ts';
import type { StormSettings } from './storm.ts';

const perSecond = 20;
const connections = 64;
const mostTimes = 2;

/**
 * One tenant asks as fast as it can, with all that its tier allows and more; another one notices little. No worker runs: it is about
 * accepting.
 */
export const noisyNeighbour: Measure = async ({ isSmall }) => {
  const seconds = isSmall ? 5 : 20;
  const rounds = isSmall ? 3 : 8;
  const world = await startWorld(seededRandom(Date.now()), { apis: 2, workers: 0 });
  await stepBack(world.temporal.pid());
  const noisy = await createTenant(world.database);
  await setTier(world.database, noisy.organizationId, 'partner');
  const settings: StormSettings = {
    urls: world.apiUrls.map((url) => `${url}/v1/projects/${noisy.projectId}/influencers`),
    key: noisy.key,
    connections,
  };
  const storm = fork(fileURLToPath(new URL('storm.ts', import.meta.url)), [], {
    env: { ...process.env, STORM: JSON.stringify(settings) },
  });
  try {
    const tenant = await createTenant(world.database);
    const wishes = new Wishes();
    const askFor = (long: number) => steadily(perSecond, { seconds: long }, (at) => wishes.ask(world, tenant, at));
    const blow = async (isToBlow: boolean) => {
      storm.send(isToBlow);
      const [said] = (await once(storm, 'message')) as [Record<string, number> | 'blows'];
      return said;
    };
    const calm: Answer[][] = [];
    const stormy: Answer[][] = [];
    const stormAnswers: Record<string, number> = {};
    await askFor(seconds); // what comes first is slow
    for (let round = 0; round < rounds; round++) {
      calm.push(await askFor(seconds));
      await blow(true);
      stormy.push(await askFor(seconds));
      for (const [status, count] of Object.entries(await blow(false)))
        stormAnswers[status] = (stormAnswers[status] ?? 0) + Number(count);
    }
    const { missing, doubled } = await compareHeld(world, [tenant], wishes.held, wishes.doubts);
    const refused = [...calm, ...stormy].flat().filter(({ status }) => status !== 202);
    const faults = [
      ...missing,
      ...doubled,
      ...world.unexpectedEnds(),
      ...refused.map(({ status }) => `the neighbour is answered ${String(status)}`),
    ];
    const ratioOf = (which: 'p50' | 'p99') =>
      rounded(
        medianOf(stormy.map((answers) => latencyOf(answers)[which])) /
          medianOf(calm.map((answers) => latencyOf(answers)[which])),
      );
    const ratio = { p50: ratioOf('p50'), p99: ratioOf('p99') };
    return {
      holds: faults.length === 0 && ratio.p50 <= mostTimes && ratio.p99 <= mostTimes,
      numbers: {
        rounds,
        seconds,
        calm: latencyOf(calm.flat()),
        stormy: latencyOf(stormy.flat()),
        ratio,
        storm: stormAnswers,
        jobs: wishes.held.length,
      },
      faults,
    };
  } finally {
    storm.kill();
    await world.close();
  }
};

/** Lets a process that stands for machines elsewhere, as the storm does, have of this one what others leave. */
async function stepBack(pid: number): Promise<void> {
  for (const thread of await readdir(`/proc/${String(pid)}/task`)) {
    setPriority(Number(thread), constants.priority.PRIORITY_LOW);
  }
}

function medianOf(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
