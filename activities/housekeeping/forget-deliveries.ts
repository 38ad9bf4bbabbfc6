import {
  forgetRotatedSecrets,
  forgetWebhookDeliveries,
  forgetWebhookEndpoints,
} from '../../src/db/forgotten-webhooks.ts';
import type { ActivityDeps } from '../deps.ts';
import { inBatches } from './in-batches.ts';

const batch = 500;

/**
 * Forgets deliveries of webhooks that were made 30 days ago and have ended, deleted endpoints that have none left, and secrets
 * that were rotated a day ago; gives how many of all. Safe to repeat: what is forgotten is not found again.
 */
export const forgetDeliveries =
  ({ database }: Pick<ActivityDeps, 'database'>) =>
  async (): Promise<number> => {
    const deliveries = await inBatches(batch, () => forgetWebhookDeliveries(database, batch));
    const endpoints = await inBatches(batch, () => forgetWebhookEndpoints(database, batch));
    return deliveries + endpoints + (await inBatches(batch, () => forgetRotatedSecrets(database, batch)));
  };
