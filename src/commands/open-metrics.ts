import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import type { Config } from '../config.ts';
import { freePorts } from '../embedded/free-ports.ts';
import { openServer, type HttpServer } from '../http/server.ts';
import { measureProcess, registry } from '../metrics/metrics.ts';

/** Where this process tells what it measures, and where Temporal's SDK in it does. */
interface MetricsPlaces {
  host: string;
  port: number;
  /** As `host:port`; null where there is no SDK that tells of itself. */
  sdkAddress: string | null;
}

/** Finds where a process with a worker tells its metrics; null where it is to tell none. */
export async function metricsPlaces({
  host,
  metricsPort,
}: Pick<Config, 'host' | 'metricsPort'>): Promise<MetricsPlaces | null> {
  if (metricsPort === null) return null;
  const { sdk } = await freePorts(['sdk']);
  return { host, port: metricsPort, sdkAddress: `127.0.0.1:${String(sdk)}` };
}

/** Serves `GET /metrics` for Prometheus, on a port of its own, since it is nobody's business but the operators'. */
export async function openMetrics({ host, port, sdkAddress }: MetricsPlaces, log: Logger): Promise<HttpServer> {
  measureProcess();
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (request.method !== 'GET' || request.url !== '/metrics') {
      response.writeHead(404).end();
      return;
    }
    const [own, sdk] = await Promise.all([registry.metrics(), sdkAddress === null ? '' : metricsAt(sdkAddress)]);
    response.writeHead(200, { 'Content-Type': registry.contentType }).end(`${own}${sdk}`);
  };
  const server = await openServer({ host, port }, (request, response) => {
    answer(request, response).catch((error: unknown) => {
      log.error({ err: error }, 'the metrics could not be told');
      response.destroy();
    });
  });
  log.info({ url: `${server.url}/metrics` }, 'metrics are served');
  return server;
}

async function metricsAt(address: string): Promise<string> {
  const reply = await fetch(`http://${address}/metrics`, { signal: AbortSignal.timeout(2_000) });
  return `\n${await reply.text()}`;
}
