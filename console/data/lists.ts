// The lists that pages show, page by page.

import { useInfiniteQuery } from '@tanstack/preact-query';
import type { InfluencerFilters, JobFilters, List, WebhookDeliveryFilters } from '../../src/client/index.ts';
import { useSession } from './session.ts';

interface Loading<Item> {
  pageSize: number;
  /** Whether it is read again every few seconds, given what it has; on the whole it is not. */
  isMoving?: (items: Item[]) => boolean;
}

const movingMs = 4_000;

function useList<Item>(
  key: readonly unknown[],
  list: (options: { pageSize: number; signal: AbortSignal }) => List<Item>,
  { pageSize, isMoving }: Loading<Item>,
) {
  const query = useInfiniteQuery({
    queryKey: key,
    queryFn: ({ pageParam, signal }) => list({ pageSize, signal }).page(pageParam),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.nextCursor ?? undefined,
    refetchInterval: ({ state }) =>
      isMoving?.(state.data?.pages.flatMap(({ items }) => items) ?? []) === true ? movingMs : false,
  });
  return { ...query, items: query.data?.pages.flatMap(({ items }) => items) };
}

export type Listed<Item> = ReturnType<typeof useList<Item>>;

export function useProjects() {
  const { doppel } = useSession();
  return useList(['projects'], (options) => doppel.projects.list({}, options), { pageSize: 200 });
}

export function useInfluencers(projectId: string, filters: InfluencerFilters, pageSize = 24) {
  const { doppel } = useSession();
  return useList(
    ['influencers', projectId, filters],
    (options) => doppel.influencers.list(projectId, filters, options),
    { pageSize, isMoving: (items) => items.some(({ status }) => status === 'pending' || status === 'training') },
  );
}

export function useJobs(filters: JobFilters, pageSize = 25) {
  const { doppel } = useSession();
  return useList(['jobs', filters], (options) => doppel.jobs.list(filters, options), {
    pageSize,
    isMoving: (items) => items.some(({ status }) => status === 'running'),
  });
}

export function useWebhookEndpoints() {
  const { doppel } = useSession();
  return useList(['webhook-endpoints'], (options) => doppel.webhookEndpoints.list(options), { pageSize: 100 });
}

export function useDeliveries(webhookEndpointId: string, filters: WebhookDeliveryFilters) {
  const { doppel } = useSession();
  return useList(
    ['deliveries', webhookEndpointId, filters],
    (options) => doppel.webhookEndpoints.deliveries(webhookEndpointId, filters, options),
    { pageSize: 25, isMoving: (items) => items.some(({ status }) => status === 'pending') },
  );
}

export function useApiKeys() {
  const { doppel } = useSession();
  return useList(['api-keys'], (options) => doppel.apiKeys.list(options), { pageSize: 200 });
}
