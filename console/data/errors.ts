// What went wrong, in words for the person who looks on.

import { DoppelError, NoAnswerError } from '../../src/client/index.ts';

const scopeWords = (scope: string | undefined) =>
  scope === undefined ? 'This key may not do that.' : `This key may not do that: it lacks the scope ${scope}.`;

export function wordsOf(error: unknown): string {
  if (error instanceof NoAnswerError) {
    return navigator.onLine ? 'Doppel does not answer. It may be restarting.' : 'You are offline.';
  }
  if (!(error instanceof DoppelError)) return error instanceof Error ? error.message : String(error);
  if (error.code === 'FORBIDDEN_SCOPE') return scopeWords(error.details.required);
  return error.message;
}

/** By which the operator of the service finds what happened. */
export const requestIdOf = (error: unknown): string | null => (error instanceof DoppelError ? error.requestId : null);

/** Whether the key is no good any more. */
export const hasLostKey = (error: unknown): boolean =>
  error instanceof DoppelError && (error.code === 'UNAUTHENTICATED' || error.code === 'KILL_SWITCH');
