import assert from 'node:assert/strict';
import { ApiError, errorCodes } from '../../src/domain/errors.ts';

describe('error codes', () => {
  it('have the contracted statuses', () => {
    const statuses = Object.fromEntries(Object.entries(errorCodes).map(([code, { status }]) => [code, status]));
    assert.deepEqual(statuses, {
      VALIDATION: 422,
      UNAUTHENTICATED: 401,
      FORBIDDEN_SCOPE: 403,
      NOT_FOUND: 404,
      METHOD_NOT_ALLOWED: 405,
      CONFLICT: 409,
      IDEMPOTENCY_CONFLICT: 409,
      UPLOAD_INCOMPLETE: 409,
      PRECONDITION_FAILED: 412,
      PAYLOAD_TOO_LARGE: 413,
      UNSUPPORTED_MEDIA_TYPE: 415,
      RATE_LIMITED: 429,
      INTERNAL: 500,
      KILL_SWITCH: 503,
      UNAVAILABLE: 503,
      CONTENT_REJECTED: null,
      RENDER_FAILED: null,
      TERMINATED: null,
      TIMED_OUT: null,
    });
  });

  it('are worth a retry when time alone can mend them', () => {
    const retryable = Object.entries(errorCodes).flatMap(([code, one]) => (one.retryable ? [code] : []));
    assert.deepEqual(retryable.sort(), [
      'INTERNAL',
      'RATE_LIMITED',
      'RENDER_FAILED',
      'TERMINATED',
      'TIMED_OUT',
      'UNAVAILABLE',
      'UPLOAD_INCOMPLETE',
    ]);
  });
});

describe('a refusal', () => {
  it('has the status of its code, unless it says another', () => {
    assert.equal(new ApiError('CONFLICT', 'Taken.').status, 409);
    assert.equal(new ApiError('VALIDATION', 'No JSON.', { status: 400 }).status, 400);
  });

  it('keeps its cause for the log', () => {
    const cause = new Error('x');
    assert.equal(new ApiError('UNAVAILABLE', 'Away.', { cause }).cause, cause);
  });
});
