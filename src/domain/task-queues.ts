/**
 * Temporal's task queues: workflows with their steps on Postgres; drawing on this machine's processors; drawing by a model provider,
 * with the concurrency and the rate that it is paid for; drawing by the studio, a program of its own; sending webhooks, whose
 * receivers may be slow; and housekeeping, which is done also where there is always more to be drawn.
 */
export const taskQueues = {
  influencers: 'influencers',
  rendering: 'rendering',
  aiRendering: 'rendering-ai',
  studioRendering: 'rendering-studio',
  webhooks: 'webhooks',
  housekeeping: 'housekeeping',
} as const;
