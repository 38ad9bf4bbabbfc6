// Rows 1 to 5: accepting a clone.

import { query } from '../../src/db/database.ts';
import { shots } from '../../src/domain/shots.ts';
import { countStatements } from '../../test/support/statement-counter.ts';
import type { Bench, Server } from '../bench.ts';
import { cloneSql, commitsPerSecond } from '../floors.ts';
import { ask, askSteadily } from '../load.ts';
import { compare, warmed, type Measurement } from '../pairs.ts';
import { resultOf, type Result, type Row } from '../row.ts';
import { askForClone, countJobs, createSource, type Source } from '../source.ts';

const many = 128;

/** Measures on an organization with nothing queued, each time: one with a hundred thousand jobs would be refused. */
const onNewSource =
  (bench: Pick<Bench, 'database'>, measurement: (source: Source) => Measurement): Measurement =>
  async (seconds) =>
    measurement(await createSource(bench))(seconds);

/** Clones a second that a server accepts; every one that was answered is stored. */
export const acceptsPerSecond = (
  bench: Pick<Bench, 'database' | 'folder'>,
  server: Server,
  callers: number,
): Measurement =>
  onNewSource(bench, (source) =>
    warmed(async (seconds) => {
      const before = await countJobs(bench, source);
      const { count, perSecond } = await ask(bench, server.url, askForClone(source), { callers, seconds });
      const stored = (await countJobs(bench, source)) - before;
      // Those under way when a load ended, this one or the one before, are stored and not counted.
      if (stored < count || stored > count + 2 * callers) {
        throw new Error(`${String(count)} clones were accepted, and ${String(stored)} are stored`);
      }
      return perSecond;
    }),
  );

const commits = (bench: Bench, source: Source, callers: number): Measurement =>
  warmed((seconds) => commitsPerSecond(bench, source, { callers, seconds }));

/** What answers requests of ours, and asks nothing of them. */
const asksPerSecond = (bench: Bench, server: Server, source: Source, callers: number): Measurement =>
  warmed(async (seconds) => (await ask(bench, server.url, askForClone(source), { callers, seconds })).perSecond);

/** F2: the statement of F1 behind a bare server. */
const startBare = (bench: Bench, source: Source): Promise<Server> =>
  bench.startOther('others/statement.mjs', {
    STATEMENT: cloneSql(source, { key: '$1', name: '$2', overrides: '$3::jsonb' }),
    VALUES: JSON.stringify(['key', 'name', 'overrides']),
    STATUS: '202',
  });

export const acceptsByCommits: Row = {
  number: 1,
  what: 'accepts / F1, one commit of the same rows each',
  async measure(bench) {
    const api = await bench.startDoppel('api');
    const results: Result[] = [];
    for (const [callers, atLeast] of [
      [32, 0.8],
      [many, 1.5],
    ] as const) {
      const theirs = await createSource(bench);
      const comparison = await compare(
        { floor: commits(bench, theirs, callers), ours: acceptsPerSecond(bench, api, callers) },
        bench.effort,
      );
      results.push(resultOf(`${String(callers)} callers`, { atLeast }, comparison, 'a second'));
    }
    await api.stop();
    return results;
  },
};

export const acceptsByNaive: Row = {
  number: 2,
  what: 'accepts / the naive service',
  async measure(bench) {
    const source = await createSource(bench);
    await query(
      bench.database,
      `create schema if not exists naive;
       ${['idempotency_keys', 'influencers', 'jobs', 'job_events']
         .map((table) => `create table if not exists naive.${table} (like public.${table} including all)`)
         .join(';')}`,
    );
    const api = await bench.startDoppel('api');
    const naive = await bench.startOther('others/naive.mjs', {
      SOURCE: source.influencerId,
      SHOTS: JSON.stringify(shots),
    });
    const results: Result[] = [];
    for (const [callers, atLeast] of [
      [32, 6],
      [many, 10],
    ] as const) {
      const comparison = await compare(
        {
          floor: asksPerSecond(bench, naive, source, callers),
          ours: acceptsPerSecond(bench, api, callers),
        },
        bench.effort,
      );
      results.push(resultOf(`${String(callers)} callers`, { atLeast }, comparison, 'a second'));
    }
    await naive.stop();
    await api.stop();
    return results;
  },
};

const peers = ['pg-boss', 'graphile-worker', 'dbos'];

export const acceptsByPeers: Row = {
  number: 3,
  what: 'accepts / the best of pg-boss send, graphile-worker addJob, DBOS enqueue, each behind a bare server',
  async measure(bench) {
    const theirs = await createSource(bench);
    const rates: { peer: string; perSecond: number }[] = [];
    for (const peer of peers) {
      const server = await bench.startOther(`others/${peer}.mjs`);
      rates.push({ peer, perSecond: await asksPerSecond(bench, server, theirs, many)(bench.effort.seconds) });
      await server.stop();
    }
    const best = rates.reduce((one, other) => (other.perSecond > one.perSecond ? other : one));
    const api = await bench.startDoppel('api');
    const peer = await bench.startOther(`others/${best.peer}.mjs`);
    const comparison = await compare(
      { floor: asksPerSecond(bench, peer, theirs, many), ours: acceptsPerSecond(bench, api, many) },
      bench.effort,
    );
    await peer.stop();
    await api.stop();
    const others = rates.map(({ peer: name, perSecond }) => `${name} ${perSecond.toFixed(0)}`).join(', ');
    const result = resultOf(`${best.peer}, ${String(many)} callers`, { atLeast: 3 }, comparison, 'a second');
    return [{ ...result, detail: `${result.detail}; ${others}` }];
  },
};

export const acceptLatency: Row = {
  number: 4,
  what: 'time of an accept / F2, the same statement behind a bare server',
  async measure(bench) {
    const theirs = await createSource(bench);
    const api = await bench.startDoppel('api');
    const bare = await startBare(bench, theirs);
    const alone = (server: Server, source: Source): Measurement =>
      warmed(async (seconds) => (await ask(bench, server.url, askForClone(source), { callers: 1, seconds })).p50);
    const one = await compare(
      { floor: alone(bare, theirs), ours: onNewSource(bench, (source) => alone(api, source)) },
      bench.effort,
    );
    const peak = await acceptsPerSecond(bench, api, many)(bench.effort.seconds);
    const perSecond = Math.round(peak / 2);
    const steady = (server: Server, source: Source): Measurement =>
      warmed(
        async (seconds) => (await askSteadily(bench, server.url, askForClone(source), { perSecond, seconds })).p99,
      );
    const loaded = await compare(
      { floor: steady(bare, theirs), ours: onNewSource(bench, (source) => steady(api, source)) },
      bench.effort,
    );
    await bare.stop();
    await api.stop();
    return [
      resultOf('p50, one caller', { atMost: 1.5 }, one, 'ms'),
      resultOf(`p99 at ${String(perSecond)} a second, half of the peak`, { atMost: 3 }, loaded, 'ms'),
    ];
  },
};

/** What Postgres has done since its start. */
async function workOf({ database }: Bench): Promise<Record<'transactions' | 'syncs' | 'bytes', number>> {
  await query(database, 'select pg_stat_force_next_flush()');
  const [row] = await query<Record<'transactions' | 'syncs' | 'bytes', number>>(
    database,
    `select (select xact_commit + xact_rollback from pg_stat_database where datname = current_database())::float8 as transactions,
            (select sum(fsyncs) from pg_stat_io where object = 'wal')::float8 as syncs,
            (pg_current_wal_insert_lsn() - '0/0'::pg_lsn)::float8 as bytes`,
  );
  if (row === undefined) throw new Error('Postgres says nothing of its work');
  return row;
}

export const acceptCounts: Row = {
  number: 5,
  what: 'counts of an accept',
  async measure(bench) {
    const [ours, theirs] = [await createSource(bench), await createSource(bench)];
    const { seconds } = bench.effort;
    const counter = await countStatements(bench.databaseUrl);
    const api = await bench.startDoppel('api', { DATABASE_URL: counter.databaseUrl });
    /** What it costs, each by accepts. Pages are written whole once after a checkpoint, so both begin with one. */
    const cost = async (source: Source, load: (seconds: number) => Promise<unknown>) => {
      await load(seconds.warmUp);
      await query(bench.database, 'checkpoint');
      const [before, jobsBefore, tripsBefore] = [
        await workOf(bench),
        await countJobs(bench, source),
        counter.roundTrips(),
      ];
      await load(seconds.measured);
      const [after, jobs, trips] = [await workOf(bench), await countJobs(bench, source), counter.roundTrips()];
      const accepts = jobs - jobsBefore;
      return {
        accepts,
        roundTrips: (trips - tripsBefore) / accepts,
        transactions: (after.transactions - before.transactions) / accepts,
        syncs: (after.syncs - before.syncs) / accepts,
        bytes: (after.bytes - before.bytes) / accepts,
      };
    };
    const floor = await cost(theirs, (s) => commitsPerSecond(bench, theirs, { callers: many, seconds: s }));
    const own = await cost(ours, (s) => ask(bench, api.url, askForClone(ours), { callers: many, seconds: s }));
    await api.stop();
    counter.close();
    const detail = `${String(own.accepts)} accepts by ${String(many)} callers`;
    return [
      { what: 'round trips', value: own.roundTrips, bound: { atMost: 1 }, detail },
      { what: 'transactions', value: own.transactions, bound: { atMost: 0.1 }, detail },
      { what: 'WAL syncs', value: own.syncs, bound: { atMost: 0.1 }, detail },
      {
        what: 'WAL bytes / F1’s',
        value: own.bytes / floor.bytes,
        bound: { atMost: 1.15 },
        detail: `${own.bytes.toFixed(0)} against ${floor.bytes.toFixed(0)}; ${detail}`,
      },
    ];
  },
};
