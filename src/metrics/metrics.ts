// What a process counts and times, for Prometheus; docs/operations.md says what to make of it. Names and units follow
// https://prometheus.io/docs/practices/naming: seconds, `_total` for what only grows. Nothing personal is in a label, and no id:
// each value of a label is a time series.

import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Load } from '../db/load.ts';

/** Of this process. */
export const registry = new Registry();
const registers = [registry];

/** Memory, CPU, event loop and garbage of Node. */
export const measureProcess = (): void => {
  collectDefaultMetrics({ register: registry });
};

export const httpRequests = new Histogram({
  name: 'doppel_http_request_seconds',
  help: 'Requests by route and status, and how long they took; those that wait by Prefer are not timed.',
  labelNames: ['method', 'route', 'status'],
  buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
  registers,
});

export const jobsEnded = new Counter({
  name: 'doppel_jobs_ended_total',
  help: 'Attempts of jobs that ended, by how, and by the code of what failed.',
  labelNames: ['status', 'code'],
  registers,
});

export const drawings = new Histogram({
  name: 'doppel_drawing_seconds',
  help: 'Drawings by renderer and outcome, and how long they took.',
  labelNames: ['renderer', 'outcome'],
  buckets: [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300],
  registers,
});

export const told = new Counter({
  name: 'doppel_outbox_told_total',
  help: 'What Temporal was told: starts, cancellations, webhooks; and how often it could not be told.',
  labelNames: ['outbox', 'outcome'],
  registers,
});

export const webhookAttempts = new Counter({
  name: 'doppel_webhook_attempts_total',
  help: 'Attempts to deliver webhooks, by outcome.',
  labelNames: ['outcome'],
  registers,
});

const loadKnownForMs = 10_000;
let readLoad: (() => Promise<Load>) | undefined;
let known: { load: Promise<Load | undefined>; until: number } | undefined;

/** The load, read when somebody reads the metrics, and at most each ten seconds; undefined where it cannot be read. */
function loadNow(): Promise<Load | undefined> {
  if (known === undefined || known.until < performance.now()) {
    const load = readLoad?.().catch(() => undefined) ?? Promise.resolve(undefined); // Postgres is away: whoever reads is told of nothing
    known = { load, until: performance.now() + loadKnownForMs };
  }
  return known.load;
}

/** Tells of the load of the whole service until what it gives is called; each process that tells it tells the same. */
export function measureLoad(read: () => Promise<Load>): () => void {
  readLoad = read;
  known = undefined;
  return () => {
    if (readLoad === read) readLoad = known = undefined;
  };
}

new Gauge({
  name: 'doppel_jobs_running',
  help: 'Jobs that are queued or under way, by stage.',
  labelNames: ['stage'],
  registers,
  async collect() {
    const load = await loadNow();
    this.reset();
    for (const [stage, count] of Object.entries(load?.jobs ?? {})) this.set({ stage }, count);
  },
});

const loadGauges = {
  doppel_jobs_unstarted: ['Jobs that no workflow was started for yet.', 'unstarted'],
  doppel_oldest_unstarted_job_seconds: [
    'For how long the oldest job waits whose turn it is to be started.',
    'oldestUnstarted',
  ],
  doppel_webhooks_due: ['Webhooks whose next attempt is due.', 'dueWebhooks'],
  doppel_oldest_due_webhook_seconds: [
    'For how long the webhook is due that waits longest for its next attempt.',
    'oldestDueWebhook',
  ],
  doppel_workers: ['Workers that said within the last fifteen seconds that they live.', 'workers'],
} as const satisfies Record<string, readonly [string, Exclude<keyof Load, 'jobs'>]>;

for (const [name, [help, field]] of Object.entries(loadGauges)) {
  new Gauge({
    name,
    help,
    registers,
    async collect() {
      this.set((await loadNow())?.[field] ?? NaN);
    },
  });
}

type PoolUse = Record<'used' | 'free' | 'waiting', number>;
const pools = new Map<string, () => PoolUse>();

/** Tells of the connections of a pool until what it gives is called. */
export function measurePool(name: string, read: () => PoolUse): () => void {
  pools.set(name, read);
  return () => {
    if (pools.get(name) === read) pools.delete(name);
  };
}

new Gauge({
  name: 'doppel_database_connections',
  help: 'Connections to Postgres by pool: used, free, and how many wait for one.',
  labelNames: ['pool', 'state'],
  registers,
  collect() {
    this.reset();
    for (const [pool, read] of pools) {
      for (const [state, count] of Object.entries(read())) this.set({ pool, state }, count);
    }
  },
});
