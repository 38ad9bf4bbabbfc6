import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { createTenant, type Tenant } from '../../support/api.ts';
import { until } from '../../support/eventually.ts';
import { seededRandom } from '../random.ts';
import { startWorld } from '../world.ts';
import { askForInfluencer } from './asking.ts';
import { compareHeld, type Held } from './kept.ts';
import type { Measure } from './measure.ts';

const callers = 48;
/** So many that none has so many jobs queued that counting them takes its time. */
const tenantCount = 20;

/**
 * What was answered with 202 is there after Postgres crashed, and once. Callers ask again under the same key until they have their
 * 202. The API does not reach Temporal, so that the machine does nothing but accept.
 */
export const durable: Measure = async ({ acknowledged, crashes }) => {
  const world = await startWorld(seededRandom(Date.now()), { apis: 2, workers: 0 });
  try {
    await world.links.apiTemporal.cut();
    const tenants: Tenant[] = [];
    for (let count = 0; count < tenantCount; count++) tenants.push(await createTenant(world.database));
    const held: Held[] = [];
    const faults: string[] = [];
    let wishes = 0;
    let doubts = 0;
    const from = performance.now();
    const call = async () => {
      while (wishes < acknowledged) {
        wishes++;
        const tenant = world.random.pick(tenants);
        const idempotencyKey = randomUUID();
        for (;;) {
          const { status, body } = await askForInfluencer(world, tenant, idempotencyKey);
          if (status === 202) {
            held.push({ idempotencyKey, jobId: body.jobId, influencerId: body.influencerId });
            break;
          }
          if (status !== null && status !== 503)
            faults.push(`it is answered ${String(status)} ${JSON.stringify(body)}`);
          doubts++;
          await delay(20 + world.random.below(80));
        }
      }
    };
    const calling = Promise.all(Array.from({ length: callers }, call));
    for (let crash = 0; crash < crashes; crash++) {
      const due = (acknowledged * (crash + world.random.share())) / crashes;
      await until('so many are acknowledged', () => held.length >= due, { withinMs: 600_000, everyMs: 5 });
      await world.crashPostgres();
    }
    await calling;
    const seconds = Math.round((performance.now() - from) / 1_000);
    const { missing, doubled } = await compareHeld(world, tenants, held);
    faults.push(...missing, ...doubled, ...world.unexpectedEnds());
    return {
      holds: faults.length === 0 && held.length === acknowledged,
      numbers: {
        crashes,
        acknowledged: held.length,
        doubts,
        missing: missing.length,
        doubled: doubled.length,
        seconds,
      },
      faults,
    };
  } finally {
    await world.close();
  }
};
