// Looks names up. By c-ares, on sockets: what `dns.lookup` asks blocks one of the few threads that all lookups of the process
// share, so that two names whose servers do not answer would hold up everybody's. /etc/hosts does not count, which is as well.

import { Resolver } from 'node:dns/promises';

/** Gives all addresses of a name; rejects when there are none, or no answer comes. */
export type Resolve = (host: string) => Promise<readonly string[]>;

/** Makes a `Resolve` that ends within `withinMs`, whatever the servers do; `servers` are others than the system's, for tests. */
export const resolveWith =
  ({ servers, withinMs = 5_000 }: { servers?: readonly string[]; withinMs?: number } = {}): Resolve =>
  async (host) => {
    const resolver = new Resolver({ timeout: Math.ceil(withinMs / 4), tries: 2 }); // its own: to cancel ends all that it asks
    if (servers !== undefined) resolver.setServers(servers);
    const timer = setTimeout(() => {
      resolver.cancel();
    }, withinMs);
    // IPv4 first: not every network has a way out over IPv6.
    const found = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)]);
    clearTimeout(timer);
    const addresses = found.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
    if (addresses.length === 0) throw new Error(`no addresses of ${host} were found`, { cause: found });
    return addresses;
  };
