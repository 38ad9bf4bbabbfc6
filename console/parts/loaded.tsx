import type { ComponentChildren } from 'preact';
import { ErrorNote, LoadingLines } from './notes.tsx';

interface Props<Value> {
  query: { data: Value | undefined; error: Error | null; refetch: () => Promise<unknown> };
  lines?: number;
  children: (value: Value) => ComponentChildren;
}

/** One thing in each of its states: on its way, refused, or there. */
export function Loaded<Value>({ query: { data, error, refetch }, lines, children }: Props<Value>) {
  if (data !== undefined) return <>{children(data)}</>;
  return error === null ? (
    <LoadingLines {...(lines && { lines })} />
  ) : (
    <ErrorNote error={error} onRetry={() => void refetch()} />
  );
}
