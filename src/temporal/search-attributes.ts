import { defineSearchAttributeKey, type SearchAttributePair } from '@temporalio/common';
import type { Connection } from '@temporalio/client';
import type { DeliveryDispatch } from '../db/delivery-dispatch.ts';
import type { Dispatch } from '../db/dispatch.ts';
import { formatId } from '../domain/ids.ts';

// Keywords: an id is looked up whole, never by its words.
const attributes = {
  organization: defineSearchAttributeKey('OrganizationId', 'KEYWORD'),
  project: defineSearchAttributeKey('ProjectId', 'KEYWORD'),
  influencer: defineSearchAttributeKey('InfluencerId', 'KEYWORD'),
  source: defineSearchAttributeKey('SourceInfluencerId', 'KEYWORD'),
  kind: defineSearchAttributeKey('JobKind', 'KEYWORD'),
  endpoint: defineSearchAttributeKey('WebhookEndpointId', 'KEYWORD'),
};

/** What operators list workflows of jobs by. */
export const searchAttributesOf = (job: Dispatch): SearchAttributePair[] => [
  { key: attributes.organization, value: formatId('organization', job.organizationId) },
  { key: attributes.project, value: formatId('project', job.projectId) },
  { key: attributes.influencer, value: formatId('influencer', job.influencerId) },
  ...(job.sourceInfluencerId === null
    ? []
    : [{ key: attributes.source, value: formatId('influencer', job.sourceInfluencerId) }]),
  { key: attributes.kind, value: job.kind },
];

/** What operators list workflows of webhooks by. */
export const deliverySearchAttributesOf = (delivery: DeliveryDispatch): SearchAttributePair[] => [
  { key: attributes.organization, value: formatId('organization', delivery.organizationId) },
  { key: attributes.endpoint, value: formatId('webhookEndpoint', delivery.webhookEndpointId) },
];

/** Makes sure that the namespace knows the search attributes; without them Temporal refuses to start a workflow that has some. */
export async function ensureSearchAttributes(
  connection: Pick<Connection, 'operatorService'>,
  namespace: string,
): Promise<void> {
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
  const missing = Object.values(attributes).filter(({ name }) => !(name in customAttributes));
  if (missing.length === 0) return;
  const keyword = 2; // temporal.api.enums.v1.IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD
  await connection.operatorService.addSearchAttributes({
    namespace,
    searchAttributes: Object.fromEntries(missing.map(({ name }) => [name, keyword])),
  });
}
