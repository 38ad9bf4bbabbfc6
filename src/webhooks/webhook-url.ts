import { isIP } from 'node:net';
import { parseUrl } from '../domain/parse-url.ts';
import { isPublicAddress } from './public-address.ts';

export interface UrlRules {
  /** Whether a receiver on this machine is allowed, over http too: for development alone. */
  allowsLocalhost: boolean;
}

const localhosts = ['localhost', '127.0.0.1', '::1'];

/** Names that never lead to the internet ([RFC 6761](https://www.rfc-editor.org/rfc/rfc6761), 6762, 8375; ICANN's `internal`). */
const privateName = /(^|\.)(localhost|local|internal|home\.arpa|localdomain|lan|intranet|corp|onion|invalid|test)$/;

/** What stands before a host, if only the sign that nothing does: the parser takes an empty user away. */
const userInformation = /^[^:]*:\/*[^/?#]*@/;

/** Names that DNS has ([RFC 1035, 2.3.4](https://www.rfc-editor.org/rfc/rfc1035#section-2.3.4)); no dot at the end, which TLS forbids. */
const isName = (host: string): boolean =>
  host.length <= 253 && host.split('.').every((label) => label.length >= 1 && label.length <= 63);

/** The host of a URL, without brackets. */
const hostOf = (url: URL): string => url.hostname.replace(/^\[|\]$/g, '');

export const isLocalhost = (host: string): boolean => localhosts.includes(host);

/** What is wrong with where webhooks are to go, in words; null when nothing is. Names are looked up only when they are dialled. */
export function webhookUrlFault(text: string, { allowsLocalhost }: UrlRules): string | null {
  // A parser would take them away, and then it would be another URL than the caller's.
  if (/[\p{White_Space}\p{Cc}\\]/u.test(text))
    return 'must be a URL without spaces, control characters and backslashes';
  const url = parseUrl(text);
  if (url === null) return 'must be a URL';
  const host = hostOf(url);
  const isAllowedLocalhost = allowsLocalhost && isLocalhost(host);
  if (url.protocol !== 'https:' && !(isAllowedLocalhost && url.protocol === 'http:')) return 'must be an https URL';
  if (userInformation.test(text)) return 'must have no user information';
  if (text.includes('#')) return 'must have no fragment';
  if (isAllowedLocalhost) return null;
  if (isIP(host) !== 0) return isPublicAddress(host) ? null : 'must not name a private or reserved address';
  const name = host.replace(/\.+$/, '');
  if (privateName.test(name) || !name.includes('.')) return 'must name a host of the internet';
  if (!isName(host)) return 'must name a host without empty or overlong parts, and without a dot at the end';
  return null;
}
