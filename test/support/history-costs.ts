// What a job's history is made of, where its costs are looked at.

import type { Client } from '@temporalio/client';

type History = Awaited<ReturnType<ReturnType<Client['workflow']['getHandle']>['fetchHistory']>>;

export interface HistoryCosts {
  events: number;
  /** Drawings that were done. */
  drawings: number;
  /** Workflow tasks, and those of them that heard of shots which had finished: these finished together. */
  tasks: number;
  groups: number;
  /** Of the event that has most. */
  payloadBytes: number;
}

export function historyCostsOf({ events }: History): HistoryCosts {
  let [drawings, tasks, groups, hasNews] = [0, 0, 0, false];
  for (const event of events ?? []) {
    if (event.activityTaskCompletedEventAttributes != null) {
      drawings++;
      hasNews = true;
    }
    if (event.workflowTaskStartedEventAttributes != null && hasNews) [groups, hasNews] = [groups + 1, false];
    if (event.workflowTaskCompletedEventAttributes != null) tasks++;
  }
  const payloadBytes = Math.max(...(events ?? []).map(bytesIn));
  return { events: events?.length ?? 0, drawings, tasks, groups, payloadBytes };
}

/** How many bytes are in it, in whatever field. */
function bytesIn(part: unknown): number {
  if (part instanceof Uint8Array) return part.length;
  if (typeof part !== 'object' || part === null) return 0;
  return Object.values(part).reduce((sum: number, inner) => sum + bytesIn(inner), 0);
}
