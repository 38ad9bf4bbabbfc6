import type { Row } from '../row.ts';
import { acceptCounts, acceptLatency, acceptsByCommits, acceptsByNaive, acceptsByPeers } from './accepting.ts';
import { polls, pollsOfRunning } from './polling.ts';
import { historyCounts, ownTime, throughput } from './running.ts';

export const rows: readonly Row[] = [
  ...[acceptsByCommits, acceptsByNaive, acceptsByPeers, acceptLatency, acceptCounts],
  ...[polls, pollsOfRunning],
  ...[ownTime, throughput, historyCounts],
];
