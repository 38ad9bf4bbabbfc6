import ipaddr from 'ipaddr.js';

/** The only IPv6 addresses that are given out for the internet ([IANA](https://www.iana.org/assignments/ipv6-address-space)). */
const globalUnicast = ipaddr.IPv6.parseCIDR('2000::/3');

/** Addresses that look public and are a machine's own: Azure's, which answers with the machine's configuration. */
const inside = ['168.63.129.16'];

/**
 * Tells whether an IP address is one of the internet, in any spelling: none that is private, reserved, a tunnel's or a
 * translator's, behind which a private one may stand. A text that is no address is none.
 */
export function isPublicAddress(text: string): boolean {
  if (!ipaddr.isValid(text)) return false;
  const address = ipaddr.process(text); // an IPv4 address that is mapped into IPv6 is judged as what it is
  if (address.range() !== 'unicast' || inside.includes(address.toString())) return false;
  return address instanceof ipaddr.IPv4 || address.match(globalUnicast);
}
