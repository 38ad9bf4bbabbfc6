// Sessions of others on the same Postgres, which are in the way.

import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import type { World } from './world.ts';

/** For ten seconds. */
export async function lockJobs({ database }: World): Promise<void> {
  await database.transaction(async (trx) => {
    await trx.raw('lock table jobs in access exclusive mode');
    await delay(10_000);
  });
}

/** Opens sessions until Postgres has no more, ends those of Doppel, and keeps theirs too, for eight seconds. */
export async function takeAllConnections({ database, postgres }: World): Promise<void> {
  const sessions: pg.Client[] = [];
  const until = performance.now() + 8_000;
  while (performance.now() < until) {
    await database.raw(`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'doppel'`);
    for (let isLeft = true; isLeft;) {
      const session = new pg.Client({ connectionString: postgres().connectionString, application_name: 'faults' });
      session.on('error', () => undefined);
      isLeft = await session.connect().then(
        () => true,
        () => false,
      );
      if (isLeft) sessions.push(session);
    }
    await delay(500);
  }
  await Promise.all(sessions.map((session) => session.end()));
}

/** Holds some jobs and their organizations for ten seconds, and does nothing with them. */
export async function idleInTransaction({ database }: World): Promise<void> {
  await database.transaction(async (trx) => {
    await trx.raw('select from organizations order by random() limit 1 for update');
    await trx.raw('select from jobs order by random() limit 20 for update');
    await delay(10_000);
  });
}
