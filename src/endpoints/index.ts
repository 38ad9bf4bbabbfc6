import type { Endpoint } from '../http/define-endpoint.ts';
import { createApiKey } from './api-keys/create-api-key.ts';
import { deleteApiKey } from './api-keys/delete-api-key.ts';
import { killApiKey } from './api-keys/kill-api-key.ts';
import { listApiKeys } from './api-keys/list-api-keys.ts';
import { rotateApiKey } from './api-keys/rotate-api-key.ts';
import { whoAmI } from './api-keys/who-am-i.ts';
import type { Deps } from './deps.ts';
import { addReferenceImages } from './influencers/add-reference-images.ts';
import { cloneInfluencer } from './influencers/clone-influencer.ts';
import { createInfluencer } from './influencers/create-influencer.ts';
import { deleteInfluencer } from './influencers/delete-influencer.ts';
import { getInfluencer } from './influencers/get-influencer.ts';
import { listInfluencers } from './influencers/list-influencers.ts';
import { removeReferenceImage } from './influencers/remove-reference-image.ts';
import { updateInfluencer } from './influencers/update-influencer.ts';
import { cancelJob } from './jobs/cancel-job.ts';
import { getJob } from './jobs/get-job.ts';
import { listJobs } from './jobs/list-jobs.ts';
import { retryJob } from './jobs/retry-job.ts';
import { streamJobEvents } from './jobs/stream-job-events.ts';
import { createMedia } from './media/create-media.ts';
import { finalizeUpload } from './media/finalize-upload.ts';
import { getMedia } from './media/get-media.ts';
import { presignUpload } from './media/presign-upload.ts';
import { archiveProject } from './projects/archive-project.ts';
import { createProject } from './projects/create-project.ts';
import { getProject } from './projects/get-project.ts';
import { listProjects } from './projects/list-projects.ts';
import { updateProject } from './projects/update-project.ts';
import { createWebhookEndpoint } from './webhooks/create-webhook-endpoint.ts';
import { deleteWebhookEndpoint } from './webhooks/delete-webhook-endpoint.ts';
import { getWebhookEndpoint } from './webhooks/get-webhook-endpoint.ts';
import { listWebhookDeliveries } from './webhooks/list-webhook-deliveries.ts';
import { listWebhookEndpoints } from './webhooks/list-webhook-endpoints.ts';
import { redeliverWebhook } from './webhooks/redeliver-webhook.ts';
import { rotateWebhookSecret } from './webhooks/rotate-webhook-secret.ts';
import { testWebhookEndpoint } from './webhooks/test-webhook-endpoint.ts';
import { updateWebhookEndpoint } from './webhooks/update-webhook-endpoint.ts';

/** All that a caller can do: the router and the OpenAPI document are made from this list. */
export const endpoints: readonly Endpoint<Deps>[] = [
  cloneInfluencer,
  createInfluencer,
  listInfluencers,
  getInfluencer,
  updateInfluencer,
  deleteInfluencer,
  addReferenceImages,
  removeReferenceImage,
  getJob,
  streamJobEvents,
  listJobs,
  cancelJob,
  retryJob,
  createProject,
  listProjects,
  getProject,
  updateProject,
  archiveProject,
  whoAmI,
  createApiKey,
  listApiKeys,
  rotateApiKey,
  killApiKey,
  deleteApiKey,
  presignUpload,
  finalizeUpload,
  createMedia,
  getMedia,
  createWebhookEndpoint,
  listWebhookEndpoints,
  getWebhookEndpoint,
  updateWebhookEndpoint,
  deleteWebhookEndpoint,
  rotateWebhookSecret,
  testWebhookEndpoint,
  listWebhookDeliveries,
  redeliverWebhook,
];
