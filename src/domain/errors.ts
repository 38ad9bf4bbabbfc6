// The closed list of what can go wrong, for callers: a code decides status and meaning, never a message's text.

interface Meaning {
  /** The HTTP status; null for codes that stand in a job's `error` alone. */
  status: number | null;
  /** Whether the same call, or a retry of the job, can succeed with nothing else changed. */
  retryable: boolean;
  meaning: string;
}

export const errorCodes = {
  VALIDATION: {
    status: 422,
    retryable: false,
    meaning: 'The request breaks a rule of its schema; `details.issues` names each.',
  },
  UNAUTHENTICATED: { status: 401, retryable: false, meaning: 'No API key was sent, or it is not valid.' },
  FORBIDDEN_SCOPE: { status: 403, retryable: false, meaning: 'The key lacks the scope in `details.required`.' },
  NOT_FOUND: { status: 404, retryable: false, meaning: 'There is no such thing in this organization and environment.' },
  METHOD_NOT_ALLOWED: { status: 405, retryable: false, meaning: 'The path exists, with the methods in `Allow`.' },
  CONFLICT: { status: 409, retryable: false, meaning: 'The request does not go with what is stored.' },
  IDEMPOTENCY_CONFLICT: { status: 409, retryable: false, meaning: 'The Idempotency-Key came with another request.' },
  UPLOAD_INCOMPLETE: { status: 409, retryable: true, meaning: 'The bytes of the upload are not there yet.' },
  PRECONDITION_FAILED: {
    status: 412,
    retryable: false,
    meaning: 'The thing has another version than `If-Match` says.',
  },
  PAYLOAD_TOO_LARGE: { status: 413, retryable: false, meaning: 'The body is larger than the limit in the message.' },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, retryable: false, meaning: 'The body is not `application/json` in UTF-8.' },
  RATE_LIMITED: {
    status: 429,
    retryable: true,
    meaning:
      'Too many requests; `Retry-After` says when to go on. Of an image: more were asked for than may be rendered.',
  },
  INTERNAL: { status: 500, retryable: true, meaning: 'A fault of the service; it is logged under the request id.' },
  KILL_SWITCH: { status: 503, retryable: false, meaning: 'The API key has been killed.' },
  UNAVAILABLE: {
    status: 503,
    retryable: true,
    meaning: 'The service cannot answer now; `Retry-After` says when to ask again.',
  },
  CONTENT_REJECTED: { status: null, retryable: false, meaning: 'The renderer refused to draw the identity.' },
  RENDER_FAILED: { status: null, retryable: true, meaning: 'Not every image could be rendered.' },
  TERMINATED: { status: null, retryable: true, meaning: 'The job was ended from outside, by an operator.' },
  TIMED_OUT: { status: null, retryable: true, meaning: 'The job did not end in time.' },
} as const satisfies Record<string, Meaning>;

export type ErrorCode = keyof typeof errorCodes;

/** Codes that an HTTP reply may carry. */
export type RequestErrorCode = {
  [Code in ErrorCode]: (typeof errorCodes)[Code]['status'] extends number ? Code : never;
}[ErrorCode];

/** Why a job failed, as its `error` tells. */
export interface JobError {
  code: ErrorCode;
  message: string;
  retryable: boolean;
  details: Record<string, unknown> | null;
}

/** One broken rule of a request: where (`body.overrides.vibe`), which JSON Schema keyword, and in words. */
export interface ValidationIssue {
  path: string;
  message: string;
  keyword: string;
}

interface ApiErrorOptions {
  /** Differs from the code's own in one case: `VALIDATION` of a body that is no JSON is 400. */
  status?: number;
  details?: Record<string, unknown>;
  headers?: Record<string, string>;
  /** Logged, never sent. */
  cause?: unknown;
}

/** A refusal that a caller may read: code, public message and details. */
export class ApiError extends Error {
  readonly code: RequestErrorCode;
  readonly status: number;
  readonly details: Record<string, unknown> | undefined;
  readonly headers: Record<string, string>;

  constructor(code: RequestErrorCode, message: string, options: ApiErrorOptions = {}) {
    super(message, { cause: options.cause });
    this.name = 'ApiError';
    this.code = code;
    this.status = options.status ?? errorCodes[code].status;
    this.details = options.details;
    this.headers = options.headers ?? {};
  }
}

/** A `VALIDATION` error with these issues; 400 for a body that is no JSON at all. */
export const invalid = (issues: ValidationIssue[], status = 422): ApiError =>
  new ApiError('VALIDATION', summaryOf(issues), { status, details: { issues } });

function summaryOf([first, ...others]: ValidationIssue[]): string {
  if (first === undefined) return 'The request is not valid.';
  return `${first.path} ${first.message}${others.length === 0 ? '.' : `, and ${String(others.length)} more.`}`;
}
