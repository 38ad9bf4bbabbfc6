// A typed client of the API, for programs: `import { DoppelClient } from 'doppel/client'`. Its types are those of the schemas
// that the API checks by; it loads nothing of the service, and runs in Node and in browsers.

export * from './doppel-client.ts';
export { DoppelError } from './doppel-error.ts';
export type { EventsOptions } from './job-events.ts';
export type { List, Page } from './list.ts';
export { NoAnswerError } from './no-answer-error.ts';
export type { ChangeOptions, ClientOptions, ReadOptions } from './transport.ts';
export type { WaitOptions } from './wait-for-job.ts';

export type { JobEvent } from '../domain/job-event.ts';
export type { ApiKey } from '../schemas/api-key.ts';
export type { Influencer, InfluencerListItem, ReferenceImage } from '../schemas/influencer.ts';
export type { Job, JobEnvelope, JobListItem } from '../schemas/job.ts';
export type { Asset } from '../schemas/media.ts';
export type { Project } from '../schemas/project.ts';
export type { WebhookDelivery, WebhookEndpoint } from '../schemas/webhook.ts';
