import { formatId } from '../../src/domain/ids.ts';
import { call, createTenant, createTestKey, type Tenant, type TestApi } from './api.ts';
import { addImage, createInfluencer } from './builders.ts';
import { insertDelivery, insertEndpoint } from './webhooks.ts';

/** An organization whose key may do everything, and one of each thing that paths name, by the name of its parameter. */
export async function createThings(api: TestApi): Promise<{ tenant: Tenant; things: ReadonlyMap<string, string> }> {
  const tenant = await createTenant(api.database, { scopes: ['*', 'org:admin'] });
  const key = await createTestKey(api.database, tenant.organizationId);
  const { influencerId, jobId } = await createInfluencer(api, tenant);
  const endpoint = await insertEndpoint(api.database, tenant);
  const { deliveryId } = await insertDelivery(api.database, endpoint, 'delivered');
  const things = {
    projectId: tenant.projectId,
    influencerId,
    jobId,
    assetId: await addImage(api.database, influencerId, { role: 'uploaded' }),
    apiKeyId: (await call(`${api.url}/v1/whoami`, { key })).body.apiKeyId as string,
    webhookEndpointId: formatId('webhookEndpoint', endpoint.id),
    webhookDeliveryId: formatId('webhookDelivery', deliveryId),
  };
  return { tenant, things: new Map(Object.entries(things)) };
}
