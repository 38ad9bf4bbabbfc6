import type { KeyState } from '../db/api-keys.ts';
import type { JobEventRow } from '../domain/job-event.ts';

/** What is watched, by whom, and from where on. */
export interface Subject {
  organizationId: string;
  jobId: string;
  /** At most the job's version. */
  afterSeq: number;
  apiKeyId: string;
  /** Of the key; see `Principal`. */
  lookup: string;
}

export type WatchEnd = { reason: 'draining' } | { reason: 'key'; state: Exclude<KeyState, 'live'> };

/** Is told of events in their order, each once, and never within `watch` itself. */
export interface Watcher {
  onEvents: (events: readonly JobEventRow[]) => void;
  /** Nothing more comes: the process ends, or the key does. */
  onEnd: (end: WatchEnd) => void;
}
