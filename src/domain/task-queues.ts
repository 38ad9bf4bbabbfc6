/**
 * Temporal's task queues: workflows with their steps on Postgres; drawing on this machine's processors; drawing by a model provider,
 * with the concurrency and the rate that it is paid for; and sending webhooks, whose receivers may be slow.
 */
export const taskQueues = {
  influencers: 'influencers',
  rendering: 'rendering',
  aiRendering: 'rendering-ai',
  webhooks: 'webhooks',
} as const;
