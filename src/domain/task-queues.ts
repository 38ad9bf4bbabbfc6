/**
 * Temporal's task queues: jobs with their steps on Postgres; drawing, which has its own concurrency; and webhooks, whose receivers
 * may be slow.
 */
export const taskQueues = { influencers: 'influencers', rendering: 'rendering', webhooks: 'webhooks' } as const;
