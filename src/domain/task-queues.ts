/** Temporal's task queues: workflows with their database steps, and drawing, which has its own concurrency. */
export const taskQueues = { influencers: 'influencers', rendering: 'rendering' } as const;
