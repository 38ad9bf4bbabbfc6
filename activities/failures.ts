// The one translator of errors to Temporal: a failure's type is a code of ours, its message is for operators and says nothing
// personal (a driver's message may quote a row), and its retryability decides whether Temporal tries again.

import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import type { Logger } from 'pino';
import { isUnavailable, sqlStateOf } from '../src/db/database.ts';
import type { ErrorCode } from '../src/domain/errors.ts';

const failure = (code: ErrorCode, message: string, nonRetryable: boolean, cause?: unknown) =>
  ApplicationFailure.create({ type: code, message, nonRetryable, ...(cause instanceof Error ? { cause } : {}) });

/** The attempt that asks for a drawing has ended in Postgres. */
export const attemptEnded = () => failure('CONFLICT', 'This attempt of the job has ended.', true);

/** A renderer handed in something that is no reference image. */
export const badDrawing = (why: string, cause?: unknown) =>
  failure('RENDER_FAILED', `The drawing cannot be used: ${why}.`, true, cause);

type Activity = (input: never) => Promise<unknown>;

/** Wraps an activity so that whatever it throws is logged whole and reaches Temporal as a failure with a code. */
export const translated =
  <A extends Activity>(name: string, activity: A, log: Logger) =>
  async (...[input]: Parameters<A> extends [] ? [none?: never] : Parameters<A>): Promise<Awaited<ReturnType<A>>> => {
    try {
      return (await activity(input as never)) as Awaited<ReturnType<A>>;
    } catch (error) {
      if (error instanceof ApplicationFailure || error instanceof CancelledFailure) throw error;
      log.error({ err: error, activity: name, input }, 'activity failed');
      if (isUnavailable(error)) throw failure('UNAVAILABLE', 'Postgres cannot do this now.', false);
      const sqlState = sqlStateOf(error);
      // Classes 22, 23 and 42 are bad data and bad SQL: the next try would fail in the same way.
      if (sqlState !== null && /^(22|23|42)/.test(sqlState)) {
        throw failure('INTERNAL', `Postgres refused a statement with SQLSTATE ${sqlState}.`, true);
      }
      throw failure('INTERNAL', `${name} failed; the worker's log has the cause.`, false);
    }
  };
