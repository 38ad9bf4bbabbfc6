import type { Static } from 'typebox';
import type { JobEvent } from '../domain/job-event.ts';
import type { ApiKey, apiKeyWithSecret, caller, createApiKeyBody, deletedApiKey } from '../schemas/api-key.ts';
import type {
  addReferenceImagesBody,
  cloneInfluencerBody,
  createInfluencerBody,
  deletedInfluencer,
  deleteInfluencerBody,
  Influencer,
  influencersQuery,
  InfluencerListItem,
  referenceImages,
  updateInfluencerBody,
} from '../schemas/influencer.ts';
import type { Cancellation, Job, JobEnvelope, JobListItem, jobsQuery } from '../schemas/job.ts';
import type { Asset, createMediaBody, finalizeUploadBody, presignUploadBody, upload } from '../schemas/media.ts';
import type {
  archivedProject,
  createProjectBody,
  Project,
  projectsQuery,
  updateProjectBody,
} from '../schemas/project.ts';
import type {
  createWebhookEndpointBody,
  deletedWebhookEndpoint,
  updateWebhookEndpointBody,
  webhookDeliveriesQuery,
  WebhookDelivery,
  WebhookEndpoint,
  webhookEndpointWithSecret,
} from '../schemas/webhook.ts';
import { DoppelError } from './doppel-error.ts';
import { jobEvents, type EventsOptions } from './job-events.ts';
import { listOf, type List, type Page } from './list.ts';
import {
  createTransport,
  type Answer,
  type Call,
  type ChangeOptions,
  type ClientOptions,
  type Query,
  type ReadOptions,
  type Transport,
} from './transport.ts';
import { waitForJob, type WaitOptions } from './wait-for-job.ts';

export type CreateProject = Static<typeof createProjectBody>;
export type UpdateProject = Static<typeof updateProjectBody>;
export type ArchivedProject = Static<typeof archivedProject>;
export type ProjectFilters = FiltersOf<typeof projectsQuery>;
export type CreateInfluencer = Static<typeof createInfluencerBody>;
export type CloneInfluencer = Static<typeof cloneInfluencerBody>;
export type UpdateInfluencer = Static<typeof updateInfluencerBody>;
export type DeletedInfluencer = Static<typeof deletedInfluencer>;
export type AddReferenceImages = Static<typeof addReferenceImagesBody>;
export type ReferenceImages = Static<typeof referenceImages>;
export type InfluencerFilters = FiltersOf<typeof influencersQuery>;
export type JobFilters = FiltersOf<typeof jobsQuery>;
export type CreateMedia = Static<typeof createMediaBody>;
export type PresignUpload = Static<typeof presignUploadBody>;
export type Upload = Static<typeof upload>;
export type FinalizeUpload = Static<typeof finalizeUploadBody>;
export type CreateApiKey = Static<typeof createApiKeyBody>;
export type ApiKeyWithSecret = Static<typeof apiKeyWithSecret>;
export type DeletedApiKey = Static<typeof deletedApiKey>;
export type Caller = Static<typeof caller>;
export type CreateWebhookEndpoint = Static<typeof createWebhookEndpointBody>;
export type UpdateWebhookEndpoint = Static<typeof updateWebhookEndpointBody>;
export type WebhookEndpointWithSecret = Static<typeof webhookEndpointWithSecret>;
export type DeletedWebhookEndpoint = Static<typeof deletedWebhookEndpoint>;
export type WebhookDeliveryFilters = FiltersOf<typeof webhookDeliveriesQuery>;

/** What a list may be narrowed by. */
type FiltersOf<
  Schema extends typeof projectsQuery | typeof influencersQuery | typeof jobsQuery | typeof webhookDeliveriesQuery,
> = Omit<Static<Schema>, 'limit' | 'cursor'>;

/** Something in the version that was read: give its `etag` as `ifMatch`, and it is changed only if nobody else has. */
export type Versioned<Body> = Body & { etag: string };

export interface VersionedChangeOptions extends ChangeOptions {
  /** The `etag` that it must still have; if it has another, the change is refused with `PRECONDITION_FAILED`. */
  ifMatch?: string;
}

export interface JobOptions extends ChangeOptions {
  /** Trouble to rehearse, with a test key: `fail_shot=3`, `reject`, `delay_ms=2000`, `retry_after=5`, or several with commas. */
  simulate?: string;
}

export interface ListOptions extends ReadOptions {
  /** How many items are fetched at a time, not how many there are in all. */
  pageSize?: number;
}

/**
 * The API with its answers typed. What it refuses is thrown as a `DoppelError`, its silence as a `NoAnswerError`, both after the
 * tries that can help: every change has an idempotency key, so that a repeat never has a second effect.
 */
export class DoppelClient {
  readonly #transport: Transport;

  constructor(options: ClientOptions) {
    this.#transport = createTransport(options);
  }

  /** Tells whose key this is, and what it may do. */
  readonly whoAmI = (options?: ReadOptions): Promise<Caller> => this.#body('GET', '/v1/whoami', options);

  readonly projects = {
    create: (body: CreateProject, options?: ChangeOptions): Promise<Project> =>
      this.#body('POST', '/v1/projects', { ...options, body }),
    get: (projectId: string, options?: ReadOptions): Promise<Project> =>
      this.#body('GET', `/v1/projects/${part(projectId)}`, options),
    list: (filters?: ProjectFilters, options?: ListOptions): List<Project> =>
      this.#list('/v1/projects', filters, options),
    /** Changes what is given; `status: 'active'` brings an archived one back. */
    update: (projectId: string, body: UpdateProject, options?: ChangeOptions): Promise<Project> =>
      this.#body('PATCH', `/v1/projects/${part(projectId)}`, { ...options, body }),
    archive: (projectId: string, options?: ChangeOptions): Promise<ArchivedProject> =>
      this.#body('DELETE', `/v1/projects/${part(projectId)}`, options),
  };

  readonly influencers = {
    /** Starts the job that makes one; `jobs.wait` waits for it. */
    create: (projectId: string, body: CreateInfluencer, options?: JobOptions): Promise<JobEnvelope> =>
      this.#body('POST', `/v1/projects/${part(projectId)}/influencers`, { ...options, body }),
    /** Starts the job that makes a clone; `jobs.wait` waits for it. */
    clone: (influencerId: string, body: CloneInfluencer, options?: JobOptions): Promise<JobEnvelope> =>
      this.#body('POST', `/v1/influencers/${part(influencerId)}/clone`, { ...options, body }),
    get: (influencerId: string, options?: ReadOptions): Promise<Versioned<Influencer>> =>
      this.#versioned('GET', `/v1/influencers/${part(influencerId)}`, options),
    list: (projectId: string, filters?: InfluencerFilters, options?: ListOptions): List<InfluencerListItem> =>
      this.#list(`/v1/projects/${part(projectId)}/influencers`, filters, options),
    /** Changes what is given; null clears a field. */
    update: (
      influencerId: string,
      body: UpdateInfluencer,
      options?: VersionedChangeOptions,
    ): Promise<Versioned<Influencer>> =>
      this.#versioned('PATCH', `/v1/influencers/${part(influencerId)}`, { ...options, body }),
    delete: (
      influencerId: string,
      { reason, ...options }: VersionedChangeOptions & Static<typeof deleteInfluencerBody> = {},
    ): Promise<DeletedInfluencer> =>
      this.#body('DELETE', `/v1/influencers/${part(influencerId)}`, {
        ...options,
        ...(reason === undefined ? {} : { body: { reason } }),
      }),
    addReferenceImages: (
      influencerId: string,
      body: AddReferenceImages,
      options?: ChangeOptions,
    ): Promise<ReferenceImages> =>
      this.#body('POST', `/v1/influencers/${part(influencerId)}/reference-images`, { ...options, body }),
    removeReferenceImage: (influencerId: string, assetId: string, options?: ChangeOptions): Promise<ReferenceImages> =>
      this.#body('DELETE', `/v1/influencers/${part(influencerId)}/reference-images/${part(assetId)}`, options),
  };

  readonly jobs = {
    get: (jobId: string, options?: ReadOptions): Promise<Job> => this.#body('GET', `/v1/jobs/${part(jobId)}`, options),
    list: (filters?: JobFilters, options?: ListOptions): List<JobListItem> => this.#list('/v1/jobs', filters, options),
    /** Asks for a job to be stopped; `accepted` is false where it has ended already. */
    cancel: (jobId: string, options?: ChangeOptions): Promise<Cancellation> =>
      this.#body('POST', `/v1/jobs/${part(jobId)}/cancel`, options),
    /** Begins the next attempt of a job that failed or was canceled: what is missing is rendered. */
    retry: (jobId: string, options?: ChangeOptions): Promise<JobEnvelope> =>
      this.#body('POST', `/v1/jobs/${part(jobId)}/retry`, options),
    /**
     * Tells what happens to a job, from its first event on, or from behind `lastEventId`: `for await (const event of events)`. It
     * comes back by itself when the connection breaks, and ends with the job.
     */
    events: (jobId: string, options: EventsOptions = {}): AsyncIterable<JobEvent> => {
      const path = `/v1/jobs/${part(jobId)}/events`;
      return jobEvents((from) => this.#transport.stream(path, from), options);
    },
    /** Waits until a job has ended and gives it, however it did: its `status` tells. `signal` bounds the time. */
    wait: (job: string | { jobId: string }, options: WaitOptions = {}): Promise<Job> => {
      const path = `/v1/jobs/${part(typeof job === 'string' ? job : job.jobId)}`;
      const { signal } = options;
      const look = (etag: string | undefined, waitS: number) =>
        this.#transport.send<Job>('GET', path, {
          waitS,
          ...(etag === undefined ? {} : { ifNoneMatch: etag }),
          ...(signal === undefined ? {} : { signal }),
        });
      return waitForJob({ look, timeoutMs: this.#transport.timeoutMs }, options);
    },
  };

  readonly media = {
    /** Stores a photo of at most 20 MB: `presign`, sending the bytes, `finalize`. */
    upload: async (
      projectId: string,
      bytes: Uint8Array | Blob,
      body: Omit<PresignUpload, 'sizeBytes'>,
      options: ChangeOptions = {},
    ): Promise<Asset> => {
      const { idempotencyKey: _, ...rest } = options;
      const sizeBytes = bytes instanceof Blob ? bytes.size : bytes.length;
      const { uploadId, ...place } = await this.media.presign(projectId, { ...body, sizeBytes }, options);
      try {
        await this.#transport.put(place, bytes, rest);
      } catch (error) {
        // Under the same idempotency key it was finalized before; finalizing it again gives the same asset.
        if (!(error instanceof DoppelError && error.code === 'CONFLICT')) throw error;
      }
      return this.media.finalize(projectId, { uploadId }, rest);
    },
    /** Asks for a place for the bytes of an upload, for those who have somebody else send them. */
    presign: (projectId: string, body: PresignUpload, options?: ChangeOptions): Promise<Upload> =>
      this.#body('POST', `/v1/projects/${part(projectId)}/media/presign`, { ...options, body }),
    /** Has the bytes of an upload checked and stored. A repeat gives the same asset. */
    finalize: (projectId: string, body: FinalizeUpload, options?: ChangeOptions): Promise<Asset> =>
      this.#body('POST', `/v1/projects/${part(projectId)}/media/finalize`, { ...options, body }),
    /** Stores a photo of at most 256 KB in one call. */
    create: (projectId: string, body: CreateMedia, options?: ChangeOptions): Promise<Asset> =>
      this.#body('POST', `/v1/projects/${part(projectId)}/media`, { ...options, body }),
    get: (assetId: string, options?: ReadOptions): Promise<Asset> =>
      this.#body('GET', `/v1/media/${part(assetId)}`, options),
  };

  readonly apiKeys = {
    /** Makes a key. `secret` is shown this once; null, if the answer was lost and this is a repeat: then rotate the key. */
    create: (body: CreateApiKey, options?: ChangeOptions): Promise<ApiKeyWithSecret> =>
      this.#body('POST', '/v1/api-keys', { ...options, body }),
    list: (options?: ListOptions): List<ApiKey> => this.#list('/v1/api-keys', {}, options),
    /** Gives a key another secret; as with `create`, it may be null. */
    rotate: (apiKeyId: string, options?: ChangeOptions): Promise<ApiKeyWithSecret> =>
      this.#body('POST', `/v1/api-keys/${part(apiKeyId)}/rotate`, options),
    kill: (apiKeyId: string, options?: ChangeOptions): Promise<ApiKey> =>
      this.#body('POST', `/v1/api-keys/${part(apiKeyId)}/kill`, options),
    delete: (apiKeyId: string, options?: ChangeOptions): Promise<DeletedApiKey> =>
      this.#body('DELETE', `/v1/api-keys/${part(apiKeyId)}`, options),
  };

  readonly webhookEndpoints = {
    /** Makes an endpoint. `secret` is shown this once; null, if the answer was lost and this is a repeat: then rotate it. */
    create: (body: CreateWebhookEndpoint, options?: ChangeOptions): Promise<WebhookEndpointWithSecret> =>
      this.#body('POST', '/v1/webhook-endpoints', { ...options, body }),
    list: (options?: ListOptions): List<WebhookEndpoint> => this.#list('/v1/webhook-endpoints', {}, options),
    get: (webhookEndpointId: string, options?: ReadOptions): Promise<WebhookEndpoint> =>
      this.#body('GET', `/v1/webhook-endpoints/${part(webhookEndpointId)}`, options),
    /** Changes what is given; `status: 'enabled'` also ends a pause, and sends what was held. */
    update: (
      webhookEndpointId: string,
      body: UpdateWebhookEndpoint,
      options?: ChangeOptions,
    ): Promise<WebhookEndpoint> =>
      this.#body('PATCH', `/v1/webhook-endpoints/${part(webhookEndpointId)}`, { ...options, body }),
    delete: (webhookEndpointId: string, options?: ChangeOptions): Promise<DeletedWebhookEndpoint> =>
      this.#body('DELETE', `/v1/webhook-endpoints/${part(webhookEndpointId)}`, options),
    /** Gives an endpoint another secret; as with `create`, it may be null. The old one signs beside it for 24 hours. */
    rotateSecret: (webhookEndpointId: string, options?: ChangeOptions): Promise<WebhookEndpointWithSecret> =>
      this.#body('POST', `/v1/webhook-endpoints/${part(webhookEndpointId)}/rotate-secret`, options),
    /** Sends a webhook of type `webhook.test`. */
    test: (webhookEndpointId: string, options?: ChangeOptions): Promise<WebhookDelivery> =>
      this.#body('POST', `/v1/webhook-endpoints/${part(webhookEndpointId)}/test`, options),
    deliveries: (
      webhookEndpointId: string,
      filters?: WebhookDeliveryFilters,
      options?: ListOptions,
    ): List<WebhookDelivery> =>
      this.#list(`/v1/webhook-endpoints/${part(webhookEndpointId)}/deliveries`, filters, options),
  };

  readonly webhookDeliveries = {
    /** Sends a webhook again that was delivered or failed, with the same id. */
    redeliver: (deliveryId: string, options?: ChangeOptions): Promise<WebhookDelivery> =>
      this.#body('POST', `/v1/webhook-deliveries/${part(deliveryId)}/redeliver`, options),
  };

  async #body<Body>(method: string, path: string, call?: Call): Promise<Body> {
    return whole(await this.#transport.send<Body>(method, path, call)).body;
  }

  async #versioned<Body>(method: string, path: string, call?: Call): Promise<Versioned<Body>> {
    const { body, etag } = whole(await this.#transport.send<Body>(method, path, call));
    return { ...body, etag };
  }

  #list<Item>(path: string, filters: Query = {}, { pageSize, ...options }: ListOptions = {}): List<Item> {
    return listOf((cursor) =>
      this.#body<Page<Item>>('GET', path, { ...options, query: { ...filters, limit: pageSize, cursor } }),
    );
  }
}

function whole<Body>(answer: Answer<Body>): NonNullable<Answer<Body>> {
  if (answer === null) throw new TypeError('the API says "not modified" to a call that named no ETag');
  return answer;
}

/** An id as a part of a path; throws for what would be another path. */
function part(id: string): string {
  if (['', '.', '..'].includes(id)) throw new TypeError(`"${id}" is no id`);
  return encodeURIComponent(id);
}
