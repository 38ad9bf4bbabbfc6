// Rows 6 and 7: asking how a job is.

import { parseId } from '../../src/domain/ids.ts';
import { startCountingProxy } from '../../test/support/counting-proxy.ts';
import type { Bench, Server } from '../bench.ts';
import { ask, type Asked } from '../load.ts';
import { compare, warmed, type Measurement } from '../pairs.ts';
import { askForJob, completedPerson, createPerson, jobThat } from '../people.ts';
import { resultOf, type Row } from '../row.ts';

const callers = 32;

const asksPerSecond = (bench: Bench, server: Server, asked: Asked): Measurement =>
  warmed(async (seconds) => (await ask(bench, server.url, asked, { callers, seconds })).perSecond);

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
    const job = await completedPerson(bench, api);
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

export const pollsOfRunning: Row = {
  number: 7,
  what: 'polls of a running job',
  async measure(bench) {
    const { address } = await bench.startTemporal();
    const proxy = await startCountingProxy(address);
    const api = await bench.startDoppel('api', { TEMPORAL_ADDRESS: proxy.address });
    const worker = await bench.startDoppel('worker');
    const completed = await completedPerson(bench, api);
    const queriesASecond: number[] = [];
    const comparison = await compare(
      {
        floor: asksPerSecond(bench, api, askForJob(completed)),
        async ours(seconds) {
          const running = await createPerson(bench, api, { simulate: 'delay_ms=60000' });
          await jobThat(api, running, ({ stage }) => stage === 'rendering');
          const [before, startedAt] = [proxy.callsOf('QueryWorkflow').length, performance.now()];
          const perSecond = await asksPerSecond(bench, api, askForJob(running))(seconds);
          const asked = proxy.callsOf('QueryWorkflow').length - before;
          queriesASecond.push((asked * 1_000) / (performance.now() - startedAt));
          await jobThat(api, running, ({ status }) => status === 'running'); // it still was
          return perSecond;
        },
      },
      bench.effort,
    );
    await worker.stop();
    await api.stop();
    proxy.close();
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
