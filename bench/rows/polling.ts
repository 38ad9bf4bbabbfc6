// Rows 6 and 7: asking how a job is.

import { parseId } from '../../src/domain/ids.ts';
import type { Bench, Server } from '../bench.ts';
import { ask, type Asked } from '../load.ts';
import { compare, warmed, type Measurement } from '../pairs.ts';
import { askForJob, createPerson, jobThat, type MadeJob } from '../people.ts';
import { resultOf, type Row } from '../row.ts';

const callers = 32;

const asksPerSecond = (bench: Bench, server: Server, asked: Asked): Measurement =>
  warmed(async (seconds) => (await ask(bench, server.url, asked, { callers, seconds })).perSecond);

/** A job that was really done: its body has the six images. */
async function completedJob(bench: Bench, api: Server): Promise<MadeJob> {
  const job = await createPerson(bench, api);
  await jobThat(api, job, ({ status }) => status === 'completed');
  return job;
}

/** F6: the row by its primary key, behind a bare server. */
const startBare = (bench: Bench): Promise<Server> =>
  bench.startOther('others/statement.mjs', {
    STATEMENT: `select * from jobs where id = $1`,
    VALUES: JSON.stringify(['path']),
    STATUS: '200',
  });

export const polls: Row = {
  number: 6,
  what: 'polls of a completed job',
  async measure(bench) {
    const temporal = await bench.startTemporal();
    const [api, worker] = [await bench.startDoppel('api'), await bench.startDoppel('worker')];
    const job = await completedJob(bench, api);
    await worker.stop();
    await temporal.stop();
    const bare = await startBare(bench);
    const select: Asked = { method: 'GET', path: `/${parseId('job', job.jobId)}` };
    const poll = asksPerSecond(bench, api, askForJob(job));
    const byBare = await compare({ floor: asksPerSecond(bench, bare, select), ours: poll }, bench.effort);
    const { etag } = await jobThat(api, job, () => true);
    const repeat = asksPerSecond(bench, api, askForJob(job, { 'If-None-Match': etag }));
    const byWhole = await compare({ floor: poll, ours: repeat }, bench.effort);
    return [
      resultOf('polls / F6, a select by primary key behind a bare server', { atLeast: 1.4 }, byBare, 'a second'),
      resultOf('answered 304 / answered 200', { atLeast: 1.1 }, byWhole, 'a second'),
    ];
  },
};

/** How often workflows were queried at the server since it started. */
async function queriesOf(metricsUrl: string): Promise<number> {
  const metrics = await (await fetch(metricsUrl)).text();
  const counts = metrics
    .split('\n')
    .filter((line) => /^service_requests\{/.test(line) && /operation="QueryWorkflow"/.test(line))
    .filter((line) => /service_name="frontend"/.test(line))
    .map((line) => Number(line.slice(line.lastIndexOf(' ') + 1)));
  return counts.reduce((sum, count) => sum + count, 0);
}

export const pollsOfRunning: Row = {
  number: 7,
  what: 'polls of a running job',
  async measure(bench) {
    const temporal = await bench.startTemporal();
    const [api] = [await bench.startDoppel('api'), await bench.startDoppel('worker')];
    const completed = await completedJob(bench, api);
    const queriesASecond: number[] = [];
    const comparison = await compare(
      {
        floor: asksPerSecond(bench, api, askForJob(completed)),
        async ours(seconds) {
          const running = await createPerson(bench, api, { simulate: 'delay_ms=60000' });
          await jobThat(api, running, ({ stage }) => stage === 'rendering');
          const [before, startedAt] = [await queriesOf(temporal.metricsUrl), performance.now()];
          const perSecond = await asksPerSecond(bench, api, askForJob(running))(seconds);
          const asked = (await queriesOf(temporal.metricsUrl)) - before;
          queriesASecond.push((asked * 1_000) / (performance.now() - startedAt));
          await jobThat(api, running, ({ status }) => status === 'running'); // it still was
          return perSecond;
        },
      },
      bench.effort,
    );
    const most = Math.max(...queriesASecond);
    return [
      resultOf('polls / polls of a completed one', { atLeast: 0.7 }, comparison, 'a second'),
      {
        what: 'workflow queries a second',
        value: most,
        bound: { atMost: 4 },
        detail: `the most of ${String(queriesASecond.length)} loads of ${String(callers)} callers`,
      },
    ];
  },
};
