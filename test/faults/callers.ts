// Callers as real ones are: whatever they are in doubt about they ask again, under the same Idempotency-Key. All that they asked
// and were answered is kept.

import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { query } from '../../src/db/database.ts';
import { createTenant, type Tenant } from '../support/api.ts';
import { finalize, presign, put } from '../support/uploads.ts';
import type { HostileImage } from './hostile-images.ts';
import { deleteWorkflow } from './operator.ts';
import type { Random } from './random.ts';
import { startReceiver, watch, type Receiver, type Watch } from './watching.ts';
import type { World } from './world.ts';

type Operation = 'create' | 'clone' | 'cancel' | 'retry' | 'patch' | 'delete' | 'refused';

const makesJobs: readonly Operation[] = ['create', 'clone'];
const beginsJobs: readonly (Operation | 'poll')[] = [...makesJobs, 'retry'];

interface Answer {
  status: number;
  jobId: string | null;
  influencerId: string | null;
  isReplay: boolean;
}

/** One thing that a caller wanted, however often it asked. */
interface Wish {
  tenant: Tenant;
  operation: Operation;
  idempotencyKey: string;
  /** The caller's own id for the influencer, where it gave one. */
  ownId: string | null;
  /** What it is about: a source, a job. */
  subject: string | null;
  answers: Answer[];
  /** How often no answer came, or one that says nothing. */
  doubts: number;
  /** Null where it was given up in doubt. */
  final: Answer | null;
}

export interface Journal {
  tenants: Tenant[];
  wishes: Wish[];
  watches: Watch[];
  /** Ends those that watch. */
  watching: AbortController;
  receiver: Receiver;
  /** How often callers did what a fault wants of them. */
  provoked: number;
  /** What a caller saw that may never be seen. */
  faults: string[];
  /** The longest that an accepting took from its first request to its answer, in ms. */
  slowestMs: number;
}

const givesUpAfterMs = 150_000;
const answerWithinMs = 10_000;

/** Makes those on whose behalf callers ask, before any fault. */
export async function openJournal({ database }: World): Promise<Journal> {
  const tenants = [];
  for (let count = 0; count < 3; count++) tenants.push(await createTenant(database));
  const receiver = await startReceiver(database, tenants);
  return {
    tenants,
    wishes: [],
    watches: [],
    watching: new AbortController(),
    receiver,
    provoked: 0,
    faults: [],
    slowestMs: 0,
  };
}

/** What callers do because of the faults that there are. */
export interface Manners {
  /** With which some of the people are made. */
  vibes: readonly string[];
  /** What some upload. */
  images: readonly HostileImage[];
  /** How many ask at once where several do. */
  atOnce: number;
  /** Whether they change what there is more often than they make something. */
  isFickle: boolean;
}

interface Habits {
  callers: number;
  /** They make no more while so many jobs run, so that there is always something to do for a fault to hit. */
  backlogMax: number;
  /** Among how many of the newest they choose what it is about. */
  newest: number;
  /** How large a part of all that is wished each operation is, from 0 to 1. */
  shares: Record<Operation | 'poll', number>;
}

const usual: Habits = {
  ...{ callers: 8, backlogMax: 30, newest: Infinity },
  shares: {
    ...{ create: 0.15, clone: 0.5, cancel: 0.07, retry: 0.08 },
    ...{ patch: 0.04, delete: 0.02, refused: 0.04, poll: 0.1 },
  },
};
/** Few jobs run, where workers are killed so often that nothing else would be done; and what was just begun is changed. */
const fickle: Habits = {
  ...{ callers: 12, backlogMax: 8, newest: 5 },
  shares: {
    ...{ create: 0.08, clone: 0.1, cancel: 0.14, retry: 0.16 },
    ...{ patch: 0.2, delete: 0.1, refused: 0.02, poll: 0.2 },
  },
};

/** Lets callers ask until they were given so many jobs, or `signal` says stop; resolves when all are done. */
export async function runCallers(
  world: World,
  journal: Journal,
  {
    jobs,
    signal,
    ...manners
  }: Manners & {
    jobs: number;
    signal: AbortSignal;
  },
): Promise<void> {
  const accepted = () =>
    journal.wishes.filter(({ operation, final }) => makesJobs.includes(operation) && final?.status === 202).length;
  const backlog = watchBacklog(world, journal);
  const habits = manners.isFickle ? fickle : usual;
  await Promise.all(
    Array.from({ length: habits.callers }, async (_, index) => {
      const random = world.random.fork(`caller ${String(index)}`);
      const caller = new Caller(world, random, journal, { ...manners, ...habits });
      while (!signal.aborted && accepted() < jobs) {
        const mayMake = backlog.jobs() < habits.backlogMax;
        if (mayMake || manners.isFickle) await caller.wishSomething(mayMake);
        if (!mayMake || manners.isFickle) await delay(100); // what the machine can is for those that begin anew
      }
    }),
  ).finally(backlog.close);
}

/** Counts the jobs that run, twice a second, as long as Postgres answers. */
function watchBacklog(world: World, { tenants }: Journal): { jobs: () => number; close: () => void } {
  let jobs = 0;
  const organizationIds = tenants.map(({ organizationId }) => organizationId);
  const timer = setInterval(() => {
    query<{ jobs: number }>(
      world.database,
      `select count(*)::int as jobs from jobs where organization_id = any(:organizationIds) and status = 'running'`,
      { organizationIds },
    ).then(
      ([row]) => {
        jobs = row?.jobs ?? 0;
      },
      () => undefined, // it is away
    );
  }, 500);
  return {
    jobs: () => jobs,
    close() {
      clearInterval(timer);
    },
  };
}

class Caller {
  readonly #world: World;
  readonly #random: Random;
  readonly #journal: Journal;
  readonly #manners: Manners & Habits;
  readonly #seen = new Map<string, { attempt: number; progress: number }>();

  constructor(world: World, random: Random, journal: Journal, manners: Manners & Habits) {
    this.#world = world;
    this.#random = random;
    this.#journal = journal;
    this.#manners = manners;
  }

  async wishSomething(mayMake: boolean): Promise<void> {
    const tenant = this.#random.pick(this.#journal.tenants);
    const made = this.#journal.wishes.flatMap(({ tenant: maker, final }) =>
      maker === tenant && final?.status === 202 && final.jobId !== null && final.influencerId !== null
        ? [{ jobId: final.jobId, influencerId: final.influencerId }]
        : [],
    );
    if (made.length === 0) return this.#create(tenant);
    const { jobId, influencerId } = this.#random.pick(made.slice(-this.#manners.newest));
    const { images } = this.#manners;
    if (images.length > 0 && this.#random.share() < 0.3) return this.#upload(tenant, this.#random.pick(images));
    switch (this.#pickOperation(mayMake)) {
      case 'create':
        return this.#create(tenant);
      case 'clone':
        return this.#clone(tenant, influencerId);
      case 'poll':
        return this.#poll(tenant, jobId);
      case 'cancel':
        await this.#cancel(tenant, jobId);
        return;
      case 'retry':
        await this.#settle({ tenant, operation: 'retry', subject: jobId }, 'POST', `/v1/jobs/${jobId}/retry`);
        return;
      case 'patch': {
        const body = { vibe: `vibe ${String(this.#random.below(1_000))}` };
        const wish = { tenant, operation: 'patch', subject: influencerId } as const;
        await this.#settle(wish, 'PATCH', `/v1/influencers/${influencerId}`, body);
        return;
      }
      case 'delete': {
        const wish = { tenant, operation: 'delete', subject: influencerId } as const;
        await this.#settle(wish, 'DELETE', `/v1/influencers/${influencerId}`);
        return;
      }
      case 'refused': {
        const ownId = randomUUID();
        const body = { name: 'Refused', newInfluencerId: ownId, overrides: { nose: 'long' } };
        const wish = { tenant, operation: 'refused', ownId, subject: influencerId } as const;
        await this.#settle(wish, 'POST', `/v1/influencers/${influencerId}/clone`, body);
      }
    }
  }

  /** Picks what to wish, each as often as its share says. */
  #pickOperation(mayMake: boolean): Operation | 'poll' {
    let roll = this.#random.share();
    for (const [operation, share] of Object.entries(this.#manners.shares) as [Operation | 'poll', number][]) {
      roll -= share;
      if (roll < 0) return beginsJobs.includes(operation) && !mayMake ? 'poll' : operation;
    }
    return 'poll';
  }

  async #create(tenant: Tenant): Promise<void> {
    const ownId = this.#random.share() < 0.3 ? randomUUID() : null;
    const { vibes } = this.#manners;
    const vibe = vibes.length > 0 && this.#random.share() < 0.3 ? this.#random.pick(vibes) : 'warm';
    if (vibe !== 'warm') this.#journal.provoked++;
    const body = { name: 'Created', vibe, ...(ownId && { influencerId: ownId }) };
    await this.#settle(
      { tenant, operation: 'create', ownId },
      'POST',
      `/v1/projects/${tenant.projectId}/influencers`,
      body,
    );
  }

  async #clone(tenant: Tenant, sourceId: string): Promise<void> {
    const ownId = this.#random.share() < 0.3 ? randomUUID() : null;
    const body = { name: 'Cloned', overrides: { hairColor: 'copper' }, ...(ownId && { newInfluencerId: ownId }) };
    const wish = { tenant, operation: 'clone', ownId, subject: sourceId } as const;
    const times = this.#random.share() < 0.1 ? this.#manners.atOnce : 1; // several at once, as an impatient client does
    const path = `/v1/influencers/${sourceId}/clone`;
    const made = await this.#settle(wish, 'POST', path, body, times);
    if (times > 8) this.#journal.provoked++;
    if (times > 1 && made.final?.status === 202) {
      const other = await this.#ask({ ...made, answers: [] }, 'POST', path, { ...body, name: 'Another' });
      if (other !== null && other.status !== 409)
        this.#journal.faults.push(`${made.idempotencyKey} was taken for another body: ${String(other.status)}`);
    }
    const { jobId } = made.final ?? {};
    if (jobId != null && made.final?.status === 202 && this.#random.share() < 0.1) {
      watch(this.#random.pick(this.#world.apiUrls), tenant, jobId, this.#journal);
    }
  }

  /** A fickle one cancels twice at once, often what Temporal knows no more: it takes a cancellation of what has only ended. */
  async #cancel(tenant: Tenant, jobId: string): Promise<void> {
    const cancel = () =>
      this.#settle({ tenant, operation: 'cancel', subject: jobId }, 'POST', `/v1/jobs/${jobId}/cancel`);
    if (this.#manners.isFickle && this.#random.share() < 0.7) {
      await deleteWorkflow(this.#world.temporal, jobId)
        .then(() => delay(500)) // Temporal takes its time
        .catch(() => undefined); // it is another attempt's, or a fault has taken Temporal away
      await Promise.all([cancel(), cancel()]);
    } else await cancel();
  }

  /** Uploads what is no picture: it is refused, sooner or later. */
  async #upload(tenant: Tenant, { what, mimeType, bytes }: HostileImage): Promise<void> {
    this.#journal.provoked++;
    const api = { url: this.#random.pick(this.#world.apiUrls) };
    try {
      const presigned = await presign(api, tenant, { mimeType });
      const sent = await put(presigned, bytes);
      const { status } = sent.status < 300 ? await finalize(api, tenant, presigned.uploadId) : sent;
      if (status < 400 || (status >= 500 && status !== 503))
        this.#journal.faults.push(`${what} (${mimeType}) was answered ${String(status)}`);
    } catch {
      // no answer
    }
  }

  /** Asks until it is answered with what says something. */
  async #settle(
    {
      ownId = null,
      subject = null,
      ...about
    }: Pick<Wish, 'tenant' | 'operation'> & { ownId?: string | null; subject?: string | null },
    method: string,
    path: string,
    body?: object,
    times = 1,
  ): Promise<Wish> {
    const wish: Wish = { ...about, ownId, subject, idempotencyKey: randomUUID(), answers: [], doubts: 0, final: null };
    this.#journal.wishes.push(wish);
    const from = performance.now();
    while (performance.now() - from < givesUpAfterMs) {
      const asked = await Promise.all(Array.from({ length: times }, () => this.#ask(wish, method, path, body)));
      const [final] = asked.filter((answer) => answer !== null);
      if (final !== undefined) {
        wish.final = final;
        if (final.status === 202) this.#journal.slowestMs = Math.max(this.#journal.slowestMs, performance.now() - from);
        return wish;
      }
      wish.doubts++;
      await delay(50 + this.#random.below(200));
    }
    return wish;
  }

  /** Asks once, any of the processes; gives null for what leaves it in doubt. */
  async #ask(wish: Wish, method: string, path: string, body?: object): Promise<Answer | null> {
    try {
      const response = await fetch(this.#random.pick(this.#world.apiUrls) + path, {
        method,
        headers: {
          'X-Api-Key': wish.tenant.key,
          'Idempotency-Key': wish.idempotencyKey,
          ...(body && { 'Content-Type': 'application/json' }),
        },
        ...(body && { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(answerWithinMs),
      });
      const read = (await response.json()) as Record<string, unknown>;
      const idOf = (value: unknown) => (typeof value === 'string' ? value : null);
      const answer: Answer = {
        status: response.status,
        jobId: idOf(read['jobId']),
        influencerId: idOf(read['influencerId']),
        isReplay: response.headers.get('idempotent-replayed') === 'true',
      };
      if (response.status >= 500 && !['UNAVAILABLE'].includes(codeOf(read))) {
        this.#journal.faults.push(`${method} ${path} was answered ${String(response.status)} ${JSON.stringify(read)}`);
      }
      if (response.status >= 500 || response.status === 429) return null;
      wish.answers.push(answer);
      return answer;
    } catch {
      return null; // no answer, or half of one
    }
  }

  /** Reads a job; what it tells never goes back. */
  async #poll(tenant: Tenant, jobId: string): Promise<void> {
    try {
      const response = await fetch(`${this.#random.pick(this.#world.apiUrls)}/v1/jobs/${jobId}`, {
        headers: { 'X-Api-Key': tenant.key },
        signal: AbortSignal.timeout(answerWithinMs),
      });
      if (response.status !== 200) return;
      const { attempt, progress } = (await response.json()) as { attempt: number; progress: number };
      const before = this.#seen.get(jobId);
      if (before && (attempt < before.attempt || (attempt === before.attempt && progress < before.progress))) {
        this.#journal.faults.push(
          `${jobId} went back from ${JSON.stringify(before)} to ${JSON.stringify({ attempt, progress })}`,
        );
      }
      this.#seen.set(jobId, { attempt, progress });
    } catch {
      // it is only looked at
    }
  }
}

const codeOf = (body: Record<string, unknown>): string => (body['error'] as { code?: string } | undefined)?.code ?? '';
