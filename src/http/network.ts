import { isIPv6 } from 'node:net';

/**
 * Names whom an address belongs to, for counting: an IPv4 address itself, of an IPv6 address its /64, which is the least that one
 * customer gets ([RFC 6177](https://www.rfc-editor.org/rfc/rfc6177)).
 */
export function networkOf(address: string): string {
  const bare = address.replace(/^::ffff:(?=[\d.]+$)/i, '').replace(/%.*$/, '');
  if (!isIPv6(bare)) return bare.slice(0, 64); // a text of the caller's, where there are fewer proxies than PROXY_HOPS says
  const [before = '', after] = bare.split('::');
  const head = before === '' ? [] : before.split(':');
  const tail = after === undefined || after === '' ? [] : after.split(':');
  const groups =
    after === undefined ? head : [...head, ...Array<string>(8 - head.length - tail.length).fill('0'), ...tail];
  return `${groups
    .slice(0, 4)
    .map((group) => parseInt(group, 16).toString(16))
    .join(':')}::/64`;
}
