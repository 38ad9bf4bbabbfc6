// The workflow with its last two steps in another order, as a careless change would have it: recorded histories must not
// replay on it.

import { proxyActivities, proxyLocalActivities } from '@temporalio/workflow';
import type { Activities } from '../../../activities/index.ts';
import type { JobAttempt } from '../../../src/domain/job.ts';
import { databaseStep, drawing } from '../../../workflows/activity-options.ts';

const { beginShots, copyReferenceMetadata, publishInfluencer } = proxyLocalActivities<Activities>(databaseStep);
const { drawShot } = proxyActivities<Activities>(drawing.illustrated);

export async function influencerCreate(job: JobAttempt): Promise<void> {
  const plan = await copyReferenceMetadata(job);
  const shots = plan?.waves.flat() ?? [];
  await beginShots({ ...job, shots });
  await publishInfluencer(job);
  await Promise.all(shots.map((shot) => drawShot({ ...job, shot })));
}
