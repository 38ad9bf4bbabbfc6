// What a page shows where there is nothing, nothing yet, or something went wrong.

import type { ComponentChildren } from 'preact';
import { refusedIn } from '../data/checks.ts';
import { requestIdOf, wordsOf } from '../data/errors.ts';

/** What went wrong, and the way on. */
export function ErrorNote({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const requestId = requestIdOf(error);
  return (
    <div class="note error" role="alert">
      <p>{wordsOf(error)}</p>
      {requestId !== null && <p class="faint">Request {requestId}</p>}
      {onRetry !== undefined && (
        <button type="button" class="button" onClick={onRetry}>
          Try again
        </button>
      )}
    </div>
  );
}

/** Why a form was not taken, where it is not a field's fault: those say so themselves. */
export const FormError = ({ error }: { error: Error | null }) =>
  error !== null && Object.keys(refusedIn(error)).length === 0 ? <ErrorNote error={error} /> : null;

interface EmptyProps {
  icon: ComponentChildren;
  title: string;
  children: ComponentChildren;
  action?: ComponentChildren;
}

export const Empty = ({ icon, title, children, action }: EmptyProps) => (
  <div class="empty">
    <div class="empty-icon">{icon}</div>
    <h2>{title}</h2>
    <p>{children}</p>
    {action}
  </div>
);

/** Grey bars where lines will be. */
export const LoadingLines = ({ lines = 5 }: { lines?: number }) => (
  <div class="skeleton-lines" aria-busy="true" aria-label="Loading">
    {Array.from({ length: lines }, (_, line) => (
      <div key={line} class="skeleton line" />
    ))}
  </div>
);

/** Grey cards where pictures will be. */
export const LoadingCards = ({ cards = 8 }: { cards?: number }) => (
  <div class="gallery" aria-busy="true" aria-label="Loading">
    {Array.from({ length: cards }, (_, card) => (
      <div key={card} class="skeleton card" />
    ))}
  </div>
);
