// Links that can be cut, slowed and reset: https://github.com/Shopify/toxiproxy, built from Go's modules.

import { join } from 'node:path';
import { startChildServer } from '../../src/embedded/child-server.ts';
import { freePorts } from '../../src/embedded/free-ports.ts';
import { installFromGo } from '../support/install-from-go.ts';

type Toxic =
  | { type: 'latency'; attributes: { latency: number; jitter: number } }
  | { type: 'bandwidth'; attributes: { rate: number } }
  | { type: 'slicer'; attributes: { average_size: number; size_variation: number; delay: number } }
  | { type: 'timeout'; attributes: { timeout: number } }
  | { type: 'limit_data'; attributes: { bytes: number } }
  | { type: 'reset_peer'; attributes: { timeout: number } };

export interface Link {
  /** Where it is reached. */
  port: number;
  /** Whence it leads, from now on; what is under way is cut. */
  leadTo: (address: string) => Promise<void>;
  /** Lets nothing through, and ends what is under way, until it is healed. */
  cut: () => Promise<void>;
  /** Adds these to what comes back and what goes. */
  poison: (toxic: Toxic) => Promise<void>;
  heal: () => Promise<void>;
}

export interface Toxiproxy {
  link: (name: string, address: string) => Promise<Link>;
  close: () => Promise<void>;
}

export async function startToxiproxy(home: string): Promise<Toxiproxy> {
  const command = await installFromGo('Toxiproxy', 'github.com/Shopify/toxiproxy/v2/cmd/server', '2.12.0');
  const { api: apiPort } = await freePorts(['api']);
  const url = `http://127.0.0.1:${String(apiPort)}`;
  const server = await startChildServer({
    name: 'Toxiproxy',
    command,
    args: ['-host', '127.0.0.1', '-port', String(apiPort)],
    env: { LOG_LEVEL: 'error' },
    cwd: home,
    logFile: join(home, 'toxiproxy.log'),
    stopSignal: 'SIGTERM',
    isReady: () =>
      fetch(`${url}/version`).then(
        ({ ok }) => ok,
        () => false,
      ),
    readyWithinMs: 30_000,
  });
  const ask = async (method: string, path: string, body?: object) => {
    const response = await fetch(url + path, { method, ...(body && { body: JSON.stringify(body) }) });
    if (!response.ok) throw new Error(`${method} ${path}: ${String(response.status)} ${await response.text()}`);
    const answer: unknown = await response.json().catch(() => null);
    return answer;
  };
  return {
    async link(name, address) {
      const { port } = await freePorts(['port']);
      const listen = `127.0.0.1:${String(port)}`;
      await ask('POST', '/proxies', { name, listen, upstream: address, enabled: true });
      const path = `/proxies/${name}`;
      return {
        port,
        async leadTo(upstream) {
          await ask('POST', path, { listen, upstream, enabled: false });
          await ask('POST', path, { listen, upstream, enabled: true });
        },
        async cut() {
          await ask('POST', path, { enabled: false });
        },
        async poison(toxic) {
          for (const stream of ['upstream', 'downstream'])
            await ask('POST', `${path}/toxics`, { ...toxic, stream, name: `${toxic.type}-${stream}` });
        },
        async heal() {
          const toxics = (await ask('GET', `${path}/toxics`)) as { name: string }[];
          for (const toxic of toxics) await ask('DELETE', `${path}/toxics/${toxic.name}`);
          await ask('POST', path, { enabled: true });
        },
      };
    },
    close: () => server.stop(),
  };
}
