import type { Row } from '../row.ts';
import { acceptCounts, acceptLatency, acceptsByCommits, acceptsByNaive, acceptsByPeers } from './accepting.ts';

export const rows: readonly Row[] = [acceptsByCommits, acceptsByNaive, acceptsByPeers, acceptLatency, acceptCounts];
