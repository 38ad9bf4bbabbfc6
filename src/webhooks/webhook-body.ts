import { formatId } from '../domain/ids.ts';
import { jobEventOf, type JobEventRow } from '../domain/job-event.ts';
import type { DeliveryType } from '../domain/webhook.ts';

interface Told {
  type: DeliveryType;
  webhookEndpointId: string;
  /** When the delivery was made. */
  createdAt: Date;
  /** Null for a test. */
  event: (JobEventRow & { projectId: string; influencerId: string }) | null;
}

/** The body of a webhook: of one delivery always the same bytes. */
export const webhookBody = ({ type, webhookEndpointId, createdAt, event }: Told): string =>
  JSON.stringify(
    event === null
      ? {
          type,
          timestamp: createdAt.toISOString(),
          data: { webhookEndpointId: formatId('webhookEndpoint', webhookEndpointId) },
        }
      : {
          type,
          timestamp: event.at.toISOString(),
          data: {
            ...jobEventOf(event),
            projectId: formatId('project', event.projectId),
            influencerId: formatId('influencer', event.influencerId),
          },
        },
  );
