import type { Client } from '@temporalio/client';
import type { DeliveryDispatch } from '../db/delivery-dispatch.ts';
import { formatId } from '../domain/ids.ts';
import { taskQueues } from '../domain/task-queues.ts';
import type { DeliveryRun } from '../domain/webhook.ts';
import { deliverySearchAttributesOf } from './search-attributes.ts';
import { startOnce } from './start-once.ts';

/** Names the workflow of a delivery's run in Temporal: the delivery's id as callers see it, with the number of a later run. */
export const deliveryWorkflowId = ({ deliveryId, run }: DeliveryRun): string =>
  `${formatId('webhookDelivery', deliveryId)}${run === 1 ? '' : `.${String(run)}`}`;

/** Starts the workflow of a delivery's run. Safe to repeat: one that runs, or that ran, is left alone. */
export async function startDeliveryWorkflow(temporal: Client, delivery: DeliveryDispatch): Promise<void> {
  const { deliveryId, run, type } = delivery;
  const endpointId = formatId('webhookEndpoint', delivery.webhookEndpointId);
  const organizationId = formatId('organization', delivery.organizationId);
  await startOnce(temporal, 'webhookDelivery', {
    workflowId: deliveryWorkflowId(delivery),
    taskQueue: taskQueues.influencers,
    args: [{ deliveryId, run }],
    // Where the server shares a task queue by keys, one organization's slow receivers do not hold up another one's.
    priority: { fairnessKey: organizationId },
    typedSearchAttributes: deliverySearchAttributesOf(delivery),
    staticSummary: `Deliver ${type} to ${endpointId}`,
    staticDetails: [
      `Delivers a webhook to **${endpointId}**, run ${String(run)}. Where it goes, and what was answered, is in Postgres alone.`,
      `Organization ${organizationId}.`,
      'Terminating it stops the attempts, until the delivery is found overdue and begun anew.',
    ].join('\n\n'),
    memo: { deliveryId: formatId('webhookDelivery', deliveryId), webhookEndpointId: endpointId, type, run },
  });
}
