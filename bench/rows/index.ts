import type { Row } from '../row.ts';
import { acceptCounts, acceptLatency, acceptsByCommits, acceptsByNaive, acceptsByPeers } from './accepting.ts';
import { burst } from './burst.ts';
import { dispatching } from './dispatching.ts';
import { memory } from './memory.ts';
import { polls, pollsOfRunning } from './polling.ts';
import { historyCounts, ownTime, throughput } from './running.ts';
import { sizes } from './sizes.ts';
import { loopDelay, starts } from './starting.ts';
import { watchers } from './watching.ts';

export const rows: readonly Row[] = [
  ...[acceptsByCommits, acceptsByNaive, acceptsByPeers, acceptLatency, acceptCounts],
  ...[polls, pollsOfRunning, dispatching, ownTime, throughput, historyCounts],
  ...[burst, sizes, memory, watchers, starts, loopDelay],
];
