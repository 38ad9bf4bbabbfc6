// The one translator of errors to Temporal: a failure's type is a code of ours, its message is for operators and says nothing
// personal (a driver's message may quote a row), and its retryability decides whether Temporal tries again.

import { activityInfo } from '@temporalio/activity';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import type { Logger } from 'pino';
import { isUnavailable, sqlStateOf } from '../src/db/database.ts';
import { drawingDelayMs } from '../src/domain/drawing-retries.ts';
import type { ErrorCode } from '../src/domain/errors.ts';
import { StorageUnavailable } from '../src/storage/storage.ts';
import { RenderError, type RenderFault } from './rendering/renderer.ts';

const failure = (code: ErrorCode, message: string, nonRetryable: boolean, cause?: unknown) =>
  ApplicationFailure.create({ type: code, message, nonRetryable, ...(cause instanceof Error ? { cause } : {}) });

/** The attempt that asks for a drawing has ended in Postgres. */
export const attemptEnded = () => failure('CONFLICT', 'This attempt of the job has ended.', true);

/** A renderer handed in something that is no reference image. */
export const badDrawing = (why: string, cause?: unknown) =>
  failure('RENDER_FAILED', `The drawing cannot be used: ${why}.`, true, cause);

/** Why a renderer that draws for money is not asked to draw. */
export const limitReached = (limit: string) => failure('RATE_LIMITED', `Not drawn: ${limit} is reached.`, true);

const codesOfFaults: Record<RenderFault, { code: ErrorCode; isFinal: boolean }> = {
  busy: { code: 'RATE_LIMITED', isFinal: false },
  unavailable: { code: 'UNAVAILABLE', isFinal: false },
  unanswered: { code: 'UNAVAILABLE', isFinal: false },
  unusable: { code: 'RENDER_FAILED', isFinal: false },
  rejected: { code: 'CONTENT_REJECTED', isFinal: true },
  misconfigured: { code: 'RENDER_FAILED', isFinal: true },
};

function renderFailure(error: RenderError, log: Logger, where: object): ApplicationFailure {
  const { fault, retryAfterMs } = error;
  log[fault === 'misconfigured' ? 'error' : 'warn']({ err: error, fault, ...where }, 'a shot was not drawn');
  const { code, isFinal } = codesOfFaults[fault];
  return ApplicationFailure.create({
    type: code,
    message: error.message,
    nonRetryable: isFinal,
    ...(retryAfterMs === null ? {} : { nextRetryDelay: drawingDelayMs(activityInfo().attempt, retryAfterMs) }),
  });
}

type Activity = (input: never) => Promise<unknown>;

/**
 * Wraps an activity so that whatever it throws is logged and reaches Temporal as a failure with a code. What nobody has named, and no
 * system call, is a fault of the code, which time does not mend: it is final at the try `faultyTries`, if that is given.
 */
export const translated =
  <A extends Activity>(name: string, activity: A, log: Logger, { faultyTries }: { faultyTries?: number } = {}) =>
  async (...[input]: Parameters<A> extends [] ? [none?: never] : Parameters<A>): Promise<Awaited<ReturnType<A>>> => {
    try {
      return (await activity(input as never)) as Awaited<ReturnType<A>>;
    } catch (error) {
      if (error instanceof ApplicationFailure || error instanceof CancelledFailure) throw error;
      if (error instanceof RenderError) throw renderFailure(error, log, { activity: name, input });
      log.error({ err: error, activity: name, input }, 'activity failed');
      if (isUnavailable(error)) throw failure('UNAVAILABLE', 'Postgres cannot do this now.', false);
      if (error instanceof StorageUnavailable) throw failure('UNAVAILABLE', 'The storage cannot do this now.', false);
      const sqlState = sqlStateOf(error);
      // Classes 22, 23 and 42 are bad data and bad SQL: the next try would fail in the same way.
      if (sqlState !== null && /^(22|23|42)/.test(sqlState)) {
        throw failure('INTERNAL', `Postgres refused a statement with SQLSTATE ${sqlState}.`, true);
      }
      const isFaulty = !(error instanceof Error && 'syscall' in error);
      const isFinal = isFaulty && faultyTries !== undefined && activityInfo().attempt >= faultyTries;
      throw failure('INTERNAL', `${name} failed; the worker's log has the cause.`, isFinal);
    }
  };
