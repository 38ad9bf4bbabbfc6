import type { RequestErrorCode, ValidationIssue } from '../domain/errors.ts';

/** An answer as it came. */
export interface Received {
  status: number;
  headers: Headers;
  text: string;
}

/** What the API refused, or could not do. Decide by `code`; name `requestId` when you ask about it. */
export class DoppelError extends Error {
  override readonly name = 'DoppelError';
  readonly status: number;
  /** Null where the answer is none of the API's: a proxy's, say, or that of another server. */
  readonly code: RequestErrorCode | null;
  readonly requestId: string | null;
  /** `issues` for `VALIDATION`, `required` for `FORBIDDEN_SCOPE`, `limit` for `RATE_LIMITED`. */
  readonly details: { issues?: ValidationIssue[]; required?: string; limit?: string } & Record<string, unknown>;
  /** How long the API says to wait before the next try, in ms; null where it says nothing. */
  readonly retryAfterMs: number | null;
  /** The key that the change was sent with; null for a read. */
  readonly idempotencyKey: string | null;

  constructor({ status, headers, text }: Received, idempotencyKey: string | null) {
    const error = errorIn(text);
    super(error?.message ?? `The answer, with status ${String(status)}, is none of Doppel's: is \`baseUrl\` right?`);
    this.status = status;
    this.code = error?.code ?? null;
    this.requestId = error?.requestId ?? headers.get('X-Request-Id');
    this.details = error?.details ?? {};
    this.retryAfterMs = retryAfterMs(headers.get('Retry-After'));
    this.idempotencyKey = idempotencyKey;
  }
}

interface SentError {
  code: RequestErrorCode;
  message: string;
  requestId: string;
  details?: DoppelError['details'];
}

/** The API's error in a text; undefined where there is none. */
function errorIn(text: string): SentError | undefined {
  const error = (parsed(text) as { error?: Partial<SentError> | null } | undefined)?.error;
  return typeof error?.code === 'string' && typeof error.message === 'string' ? (error as SentError) : undefined;
}

/** Reads a JSON object; undefined for everything else. */
export function parsed(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined; // whoever asked tells of the whole answer
  }
}

/** [RFC 9110, 10.2.3](https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3): seconds, or, as some proxies say it, a date. */
function retryAfterMs(header: string | null): number | null {
  if (header === null) return null;
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return Number.isNaN(ms) ? null : Math.max(0, ms);
}
