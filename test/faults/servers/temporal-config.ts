// The configuration of a Temporal server on Postgres, all four services in one process: config/development-postgres12.yaml of
// temporalio/temporal.

import { faultInjection, type PersistenceFaults } from './persistence-faults.ts';

const services = ['frontend', 'history', 'matching', 'worker'] as const;

export const portNames = [
  'metrics',
  ...services,
  ...services.map((service) => `${service}Membership` as const),
] as const;

interface Settings {
  /** Whose user, password and address are taken. */
  database: URL;
  ports: Record<(typeof portNames)[number], number>;
  dynamicConfigFile: string;
  faults: PersistenceFaults | undefined;
}

export function serverConfig({ database, ports, dynamicConfigFile, faults }: Settings): object {
  const store = (databaseName: string, maxConns: number) => ({
    sql: {
      ...{ pluginName: 'postgres12', databaseName, connectAddr: database.host, connectProtocol: 'tcp' },
      ...{ user: database.username, password: database.password },
      // For each of the services; Postgres takes a hundred in all.
      ...{ maxConns, maxIdleConns: maxConns, maxConnLifetime: '1h' },
    },
  });
  const rpcOf = (service: (typeof services)[number]) => ({
    grpcPort: ports[service],
    membershipPort: ports[`${service}Membership`],
    bindOnLocalHost: true,
  });
  const rpcAddress = `127.0.0.1:${String(ports.frontend)}`;
  return {
    log: { stdout: true, level: 'warn' },
    persistence: {
      ...{ defaultStore: 'default', visibilityStore: 'visibility', numHistoryShards: 4 },
      datastores: {
        default: { ...store('temporal', 16), ...(faults && { faultInjection: faultInjection(faults) }) },
        visibility: store('temporal_visibility', 4),
      },
    },
    global: {
      membership: { maxJoinDuration: '30s', broadcastAddress: '127.0.0.1' },
      metrics: { prometheus: { timerType: 'histogram', listenAddress: `127.0.0.1:${String(ports.metrics)}` } },
    },
    services: Object.fromEntries(services.map((service) => [service, { rpc: rpcOf(service) }])),
    clusterMetadata: {
      ...{ enableGlobalNamespace: false, failoverVersionIncrement: 10 },
      ...{ masterClusterName: 'active', currentClusterName: 'active' },
      clusterInformation: { active: { enabled: true, initialFailoverVersion: 1, rpcName: 'frontend', rpcAddress } },
    },
    publicClient: { hostPort: rpcAddress },
    dynamicConfigClient: { filepath: dynamicConfigFile, pollInterval: '60s' },
  };
}
