import type { AttemptError } from '../domain/webhook.ts';
import { AddressNotAllowedError, NameNotFoundError } from './guarded-dialler.ts';

const byCode: Readonly<Record<string, AttemptError>> = {
  ECONNREFUSED: 'connection_refused',
  ECONNRESET: 'connection_lost',
  EPIPE: 'connection_lost',
  UND_ERR_SOCKET: 'connection_lost',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  EADDRNOTAVAIL: 'unreachable',
  ETIMEDOUT: 'timeout',
  UND_ERR_CONNECT_TIMEOUT: 'timeout',
  UND_ERR_HEADERS_TIMEOUT: 'timeout',
  UND_ERR_HEADERS_OVERFLOW: 'bad_response',
  EPROTO: 'tls',
};

/** OpenSSL's words for a certificate that is not to be trusted, which Node has as codes. */
const certificateFault =
  /^(ERR_TLS|ERR_SSL|CERT_|SELF_SIGNED_|DEPTH_ZERO_|UNABLE_TO_|ERROR_IN_CERT|HOSTNAME_MISMATCH|INVALID_)/;

/** Tells a caller why an attempt got no answer. A driver's own message may name addresses, so it is not passed on. */
export function attemptErrorOf(error: unknown): AttemptError {
  if (error instanceof AddressNotAllowedError) return 'address_not_allowed';
  if (error instanceof NameNotFoundError) return 'dns';
  if (!(error instanceof Error)) return 'other';
  if (error.name === 'TimeoutError') return 'timeout';
  if (error.name === 'HTTPParserError') return 'bad_response';
  const code = String((error as NodeJS.ErrnoException).code);
  if (certificateFault.test(code)) return 'tls';
  return byCode[code] ?? 'other';
}
