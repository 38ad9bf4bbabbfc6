// Single things, and what is done to them: whatever a change touches is read again.

import { useMutation, useQuery, useQueryClient } from '@tanstack/preact-query';
import { useToasts } from '../parts/toasts.tsx';
import { wordsOf } from './errors.ts';
import { useSession } from './session.ts';

export function useInfluencer(influencerId: string) {
  const { doppel } = useSession();
  return useQuery({
    queryKey: ['influencer', influencerId],
    queryFn: ({ signal }) => doppel.influencers.get(influencerId, { signal }),
    refetchInterval: ({ state }) =>
      state.data?.status === 'pending' || state.data?.status === 'training' ? 4_000 : false,
  });
}

export function useWebhookEndpoint(webhookEndpointId: string) {
  const { doppel } = useSession();
  return useQuery({
    queryKey: ['webhook-endpoint', webhookEndpointId],
    queryFn: ({ signal }) => doppel.webhookEndpoints.get(webhookEndpointId, { signal }),
  });
}

interface Change<Result> {
  /** What is read again: keys of queries, each with all that begin with it. */
  touches: readonly (readonly unknown[])[];
  /** What is said when it is done. */
  done?: (result: Result) => string;
  then?: (result: Result) => void;
  /** Whether its errors are shown where it was asked for, and not in a toast. */
  tellsErrors?: boolean;
}

/** Something that the API is asked to do. */
export function useChange<Input, Result>(
  act: (input: Input) => Promise<Result>,
  { touches, done, then, tellsErrors = false }: Change<Result>,
) {
  const queries = useQueryClient();
  const toasts = useToasts();
  return useMutation({
    mutationFn: act,
    networkMode: 'always', // without a network it fails, and says so; it does not wait unseen
    onSuccess(result) {
      if (done !== undefined) toasts.say(done(result));
      then?.(result);
    },
    onError(error) {
      if (!tellsErrors) toasts.warn(wordsOf(error));
    },
    onSettled: () => Promise.all(touches.map((queryKey) => queries.invalidateQueries({ queryKey }))),
  });
}
