/**
 * Temporal's task queues: workflows with their steps on Postgres; drawing on this machine's processors; drawing by a model provider,
 * with the concurrency and the rate that it is paid for; sending webhooks, whose receivers may be slow; and housekeeping, which is
 * done also where there is always more to be drawn.
 */
export const taskQueues = {
  influencers: 'influencers',
  rendering: 'rendering',
  aiRendering: 'rendering-ai',
  webhooks: 'webhooks',
  housekeeping: 'housekeeping',
} as const;
