// Rows and objects, after collection: each object is named by a row.

import { readdir, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { ScheduleOverlapPolicy } from '@temporalio/client';
import { sortObjects } from '../../src/db/stored-objects.ts';
import { openStorage } from '../../src/storage/open-storage.ts';
import { eventually } from '../support/eventually.ts';
import type { Verdict } from './verdict.ts';
import type { World } from './world.ts';

/** Lets the collector of the storage run over what is there, as if a day had passed, and looks for what it left. */
export async function compareObjects(world: World, verdict: Verdict): Promise<void> {
  const { objectsFolder, temporal, database } = world;
  const dayBefore = new Date(Date.now() - 25 * 3_600_000);
  const makeOld = async () => {
    for (const entry of await readdir(objectsFolder, { recursive: true, withFileTypes: true })) {
      if (entry.isFile()) await utimes(join(entry.parentPath, entry.name), dayBefore, dayBefore);
    }
    return true;
  };
  // Another run of the collector, or of the housekeeping, may be removing some.
  await eventually('all objects are old', makeOld, { withinMs: 60_000 });
  const handle = temporal.client.schedule.getHandle('storage-collector');
  const actions = async () => (await handle.describe()).info.numActionsTaken;
  // A Temporal that has faults of its own drops calls here too.
  const before = await eventually('the collector is described', actions, { withinMs: 30_000 });
  await eventually(
    'the collector is triggered',
    () => handle.trigger(ScheduleOverlapPolicy.ALLOW_ALL).then(() => true),
    {
      withinMs: 30_000,
    },
  );
  await eventually('the collector has begun', async () => ((await actions()) > before ? true : undefined), {
    withinMs: 30_000,
  });
  const ended = async () => {
    await temporal.client.workflow.getHandle(await collectorRun(world)).result();
    return true;
  };
  await eventually('the collector has ended', ended, { withinMs: 120_000 });

  const { storage, close } = await openStorage(world.storageSettings);
  for await (const objects of storage.list('')) {
    const { unnamed, foreign } = await sortObjects(database, objects);
    verdict.wrong.push(...[...unnamed, ...foreign].map(({ key }) => `${key} is named by no row`));
  }
  close();
}

async function collectorRun({ temporal }: World): Promise<string> {
  const { info } = await temporal.client.schedule.getHandle('storage-collector').describe();
  const action = info.recentActions.at(-1)?.action;
  if (action?.type !== 'startWorkflow') throw new Error('the collector did not run');
  return action.workflow.workflowId;
}
