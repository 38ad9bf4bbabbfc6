// A process that asks as fast as it can over so many connections, and takes no answer for one: the storm of one tenant. Told to blow
// or to be still, it says what it was answered.

import { setPriority } from 'node:os';
import { Agent, request } from 'undici';

export interface StormSettings {
  urls: string[];
  key: string;
  connections: number;
}

const { urls, key, connections } = JSON.parse(process.env['STORM'] ?? '{}') as StormSettings;
// It stands for machines elsewhere, and takes of this one what others leave.
setPriority(19);
const dispatcher = new Agent({ connections });
let blowing: Promise<unknown> = Promise.resolve();
let isStill = true;
let counts: Record<string, number> = {};

const blow = async (url: string) => {
  while (!isStill) {
    const status = await request(url, {
      dispatcher,
      method: 'POST',
      headers: { 'X-Api-Key': key, 'Content-Type': 'application/json' },
      body: '{"name":"Storm","vibe":"wild"}',
    }).then(
      async ({ statusCode, body }) => {
        await body.dump();
        return String(statusCode);
      },
      () => 'none',
    );
    counts[status] = (counts[status] ?? 0) + 1;
  }
};

process.on('message', (isToBlow: boolean) => {
  if (isToBlow) {
    isStill = false;
    counts = {};
    blowing = Promise.all(Array.from({ length: connections }, (_, index) => blow(urls[index % urls.length] ?? '')));
    process.send?.('blows');
  } else {
    isStill = true;
    void blowing.then(() => process.send?.(counts));
  }
});
