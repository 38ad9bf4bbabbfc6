// A job as it goes: read once, then told by its stream of events, and read again where an event says that something is there.

import { useQuery } from '@tanstack/preact-query';
import { useEffect, useState } from 'preact/hooks';
import type { JobEvent } from '../../src/client/index.ts';
import { useSession } from './session.ts';

/** What a job waits for is no event: it is asked for. */
const waitingMs = 5_000;

export function useLiveJob(jobId: string) {
  const { doppel } = useSession();
  const [events, setEvents] = useState<JobEvent[]>([]);
  const [isStreaming, setStreaming] = useState(true);
  const query = useQuery({
    queryKey: ['job', jobId],
    queryFn: ({ signal }) => doppel.jobs.get(jobId, { signal }),
    refetchInterval: ({ state }) => (state.data?.status === 'running' ? waitingMs : false),
  });
  const { refetch } = query;
  const attempt = query.data?.attempt;

  useEffect(() => {
    if (attempt === undefined) return;
    const ending = new AbortController();
    let isReading = false;
    let isStale = false;
    /** However fast events come, one answer is waited for at a time. */
    const readAgain = async () => {
      isStale = true;
      if (isReading) return;
      isReading = true;
      while (isStale && !ending.signal.aborted) {
        isStale = false;
        await refetch({ cancelRefetch: false });
      }
      isReading = false;
    };
    const follow = async () => {
      setEvents([]);
      setStreaming(true);
      for await (const event of doppel.jobs.events(jobId, { signal: ending.signal })) {
        setEvents((known) => [...known, event]);
        void readAgain();
      }
    };
    follow()
      .catch(() => {
        // The job is still read every few seconds.
        if (!ending.signal.aborted) setStreaming(false);
      })
      .finally(() => {
        if (!ending.signal.aborted) void readAgain();
      });
    return () => {
      ending.abort();
    };
  }, [doppel, jobId, attempt, refetch]);

  return { ...query, events, isStreaming };
}
