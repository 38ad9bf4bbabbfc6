// Row 15: watching a job on which nothing happens, and on which something does.

import { setTimeout as delay } from 'node:timers/promises';
import { countStatements } from '../../test/support/statement-counter.ts';
import { stepsOf } from '../../test/support/watching.ts';
import type { Server } from '../bench.ts';
import { createPerson, jobThat } from '../people.ts';
import { memoryOf } from '../processes.ts';
import type { Result, Row } from '../row.ts';
import { median } from '../statistics.ts';

const idle = 5_000;
const watching = 1_000;

interface Heard {
  heard: number;
  /** In ms since 1970, of the same machine. */
  lastAt: number;
}

const heardBy = async (watchers: Server): Promise<Heard> => (await (await fetch(watchers.url)).json()) as Heard;

export const watchers: Row = {
  number: 15,
  what: 'watching a job',
  async measure(bench) {
    const results: Result[] = [];
    for (const [kind, how] of [
      ['STREAMS', 'streams'],
      ['POLLS', 'polls that wait'],
    ] as const) {
      const counter = await countStatements(bench.databaseUrl);
      const api = await bench.startDoppel('api', { DATABASE_URL: counter.databaseUrl });
      const { jobId, key } = await createPerson(bench, api);
      const { etag } = await jobThat(api, { jobId, key }, () => true);
      const open = (count: number) =>
        bench.startOther('others/watchers.mjs', {
          ...{ JOB_URL: `${api.url}/v1/jobs/${jobId}`, KEY: key, ETAG: etag, STREAMS: '0', POLLS: '0' },
          [kind]: String(count),
        });
      await (await open(100)).stop(); // what is loaded for the first of them stays
      const before = await memoryOf(api.pid);
      const many = await open(idle);
      await delay(2_000);
      const before10s = counter.roundTrips();
      await delay(10_000);
      const asked = counter.roundTrips() - before10s;
      const memory = (await memoryOf(api.pid)) - before;
      await many.stop();
      results.push(
        {
          what: `memory of each of ${String(idle)} ${how}, in KB`,
          value: memory / idle / 1_024,
          bound: { atMost: 30 },
          detail: `${(memory / 1e6).toFixed(0)} MB of the API`,
        },
        {
          what: `statements of the API in 10 s of ${String(idle)} ${how} while nothing changes`,
          value: asked,
          bound: { atMost: 1 },
          detail: 'once a minute it asks Postgres for the time, whoever watches',
        },
      );
      await api.stop();
      counter.close();
    }

    const api = await bench.startDoppel('api');
    const { jobId, key } = await createPerson(bench, api);
    const { step } = stepsOf(bench.database, jobId);
    const crowd = await bench.startOther('others/watchers.mjs', {
      ...{ JOB_URL: `${api.url}/v1/jobs/${jobId}`, KEY: key, ETAG: '', STREAMS: String(watching), POLLS: '0' },
    });
    const delays: number[] = [];
    for (let event = 0; event <= 2 * bench.effort.pairs; event++) {
      await heardBy(crowd);
      await step();
      const committedAt = Date.now();
      await delay(1_000);
      const { heard, lastAt } = await heardBy(crowd);
      if (heard !== watching) throw new Error(`${String(heard)} of ${String(watching)} have heard of it`);
      if (event > 0) delays.push(lastAt - committedAt);
    }
    await crowd.stop();
    await api.stop();
    return [
      ...results,
      {
        what: `COMMIT of an event to the last of ${String(watching)} watchers, in ms`,
        value: Math.max(...delays),
        bound: { atMost: 250 },
        detail: `the slowest of ${String(delays.length)}; the median is ${median(delays).toFixed(0)}`,
      },
    ];
  },
};
