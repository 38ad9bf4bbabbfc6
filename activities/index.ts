import { beginShots } from './begin-shots.ts';
import { cancelJob } from './cancel-job.ts';
import { copyReferenceMetadata } from './copy-reference-metadata.ts';
import type { ActivityDeps } from './deps.ts';
import { drawShot } from './draw-shot.ts';
import { failJob } from './fail-job.ts';
import { failShot } from './fail-shot.ts';
import { translated } from './failures.ts';
import { collectObjects } from './housekeeping/collect-objects.ts';
import { eraseInfluencers } from './housekeeping/erase-influencers.ts';
import { forgetDeliveries } from './housekeeping/forget-deliveries.ts';
import { forgetIdempotencyKeys } from './housekeeping/forget-idempotency-keys.ts';
import { forgetRateWindows } from './housekeeping/forget-rate-windows.ts';
import { pruneEvents } from './housekeeping/prune-events.ts';
import { removeUnusedAssets } from './housekeeping/remove-unused-assets.ts';
import { removeUploads } from './housekeeping/remove-uploads.ts';
import { sweepDrawings } from './housekeeping/sweep-drawings.ts';
import { publishInfluencer } from './publish-influencer.ts';
import { recordShot } from './record-shot.ts';
import { attemptDelivery } from './webhooks/attempt-delivery.ts';

/** The steps of a job on Postgres: local activities of the workers that run workflows. */
export const createDatabaseActivities = (deps: ActivityDeps) => ({
  copyReferenceMetadata: translated('copyReferenceMetadata', copyReferenceMetadata(deps), deps.log),
  beginShots: translated('beginShots', beginShots(deps), deps.log),
  recordShot: translated('recordShot', recordShot(deps), deps.log),
  failShot: translated('failShot', failShot(deps), deps.log),
  publishInfluencer: translated('publishInfluencer', publishInfluencer(deps), deps.log),
  failJob: translated('failJob', failJob(deps), deps.log),
  cancelJob: translated('cancelJob', cancelJob(deps), deps.log),
});

/** The heavy work, on a task queue of its own. */
export const createDrawingActivities = (deps: ActivityDeps) => ({
  // A quarter of a minute: an hour is for providers that have a bad one.
  drawShot: translated('drawShot', drawShot(deps), deps.log, { faultyTries: 5 }),
});

/** What is done away with in time, beside any job. */
export const createHousekeepingActivities = (deps: Pick<ActivityDeps, 'database' | 'storage' | 'log'>) => ({
  removeUploads: translated('removeUploads', removeUploads(deps), deps.log),
  forgetIdempotencyKeys: translated('forgetIdempotencyKeys', forgetIdempotencyKeys(deps), deps.log),
  forgetRateWindows: translated('forgetRateWindows', forgetRateWindows(deps), deps.log),
  eraseInfluencers: translated('eraseInfluencers', eraseInfluencers(deps), deps.log),
  sweepDrawings: translated('sweepDrawings', sweepDrawings(deps), deps.log),
  pruneEvents: translated('pruneEvents', pruneEvents(deps), deps.log),
  forgetDeliveries: translated('forgetDeliveries', forgetDeliveries(deps), deps.log),
});

/** What walks through the whole storage. */
export const createStorageActivities = (deps: Pick<ActivityDeps, 'database' | 'storage' | 'log'>) => ({
  removeUnusedAssets: translated('removeUnusedAssets', removeUnusedAssets(deps), deps.log),
  collectObjects: translated('collectObjects', collectObjects(deps), deps.log),
});

/** Sending webhooks, on a task queue of its own: receivers may be slow. */
export const createWebhookActivities = (
  deps: Pick<ActivityDeps, 'database' | 'log'> & Parameters<typeof attemptDelivery>[0],
) => ({
  attemptDelivery: translated('attemptDelivery', attemptDelivery(deps), deps.log),
});

export type WebhookActivities = ReturnType<typeof createWebhookActivities>;

export type StorageActivities = ReturnType<typeof createStorageActivities>;

export type HousekeepingActivities = ReturnType<typeof createHousekeepingActivities>;

export type Activities = ReturnType<typeof createDatabaseActivities> & ReturnType<typeof createDrawingActivities>;
