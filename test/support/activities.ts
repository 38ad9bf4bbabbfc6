// Activities on a real Postgres and real files, run as a worker runs them.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import type { Knex } from 'knex';
import { v7 as newId } from 'uuid';
import type { ActivityDeps } from '../../activities/deps.ts';
import type { Drawn } from '../../activities/draw-shot.ts';
import { createDatabaseActivities, createDrawingActivities, type Activities } from '../../activities/index.ts';
import { fileStorage } from '../../src/storage/file-storage.ts';
import type { Shot } from '../../src/domain/shots.ts';
import { silent } from './api.ts';
import type { TestJob } from './jobs.ts';
import { plainRenderer } from './plain-renderer.ts';
import { createTestDatabase } from './postgres.ts';

export interface TestActivities {
  database: Knex;
  deps: ActivityDeps;
  /** The activities, each in an activity context of its own. */
  run: Activities;
  close: () => Promise<void>;
}

export async function startTestActivities(): Promise<TestActivities> {
  const { database, drop } = await createTestDatabase();
  const folder = await mkdtemp(path.join(tmpdir(), 'doppel-storage-'));
  const deps: ActivityDeps = {
    database,
    storage: fileStorage(folder),
    renderers: { illustrated: plainRenderer() },
    paidImages: { perJob: 24, perDay: 600 },
    newId,
    log: silent,
  };
  return {
    database,
    deps,
    run: activitiesWith(deps),
    async close() {
      await drop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The activities over these parts, each call in a context of its own, or in the given one. */
export function activitiesWith(deps: ActivityDeps, environment?: MockActivityEnvironment): Activities {
  const inContext = Object.entries({ ...createDatabaseActivities(deps), ...createDrawingActivities(deps) }).map(
    ([name, activity]) => [name, (input: never) => (environment ?? quietEnvironment()).run(activity, input)],
  );
  return Object.fromEntries(inContext) as Activities;
}

/** A context whose failed activities are not logged to the console; `tries` counts from 1. */
export const quietEnvironment = (tries = 1): MockActivityEnvironment =>
  new MockActivityEnvironment({ attempt: tries }, { logger: new DefaultLogger('ERROR', () => undefined) });

export const attemptOf = ({ jobId, attempt }: TestJob) => ({ jobId, attempt });

/** Takes a job to where its shots are drawn. */
export async function beginDrawing(run: Activities, job: TestJob): Promise<Shot[]> {
  const plan = await run.copyReferenceMetadata(attemptOf(job));
  const shots = plan?.waves.flat() ?? [];
  await run.beginShots({ ...attemptOf(job), shots });
  return shots;
}

export async function drawAndRecord(run: Activities, job: TestJob, shot: Shot): Promise<Drawn> {
  const drawn = await run.drawShot({ ...attemptOf(job), shot });
  await run.recordShot({ ...attemptOf(job), shot, drawn });
  return drawn;
}

/** Takes a job through all its steps. */
export async function complete(run: Activities, job: TestJob): Promise<void> {
  for (const shot of await beginDrawing(run, job)) await drawAndRecord(run, job, shot);
  await run.publishInfluencer(attemptOf(job));
}
