import pg from 'pg';
import type { Logger } from 'pino';

/** What is heard on which channel. */
type Channels = Readonly<Record<string, (payload: string) => void>>;

interface Listening {
  channels: Channels;
  /** Called whenever it hears again: what was said before is lost, and has to be read. */
  onConnected: () => void;
  log: Logger;
  /** How often a connection on which nothing comes is tried out, and how soon a lost one is dialled again at first. */
  checkEveryMs?: number;
  redialAfterMs?: number;
}

export interface Notifications {
  /** Whether what is said now is heard. */
  isConnected: () => boolean;
  close: () => Promise<void>;
}

const longestRedialMs = 5_000;

/**
 * Listens on a connection of its own for as long as the process lives. One that breaks is dialled again; one that went silent is
 * found out within `checkEveryMs`, since a network may forget it without telling.
 */
export function listen(
  connectionString: string,
  { channels, onConnected, log, checkEveryMs = 30_000, redialAfterMs = 100 }: Listening,
): Notifications {
  let current: pg.Client | null = null;
  let isConnected = false;
  let isClosed = false;
  let failures = 0;
  let timer: NodeJS.Timeout | undefined;

  const later = (ms: number, what: () => void) => {
    clearTimeout(timer);
    timer = setTimeout(what, ms).unref();
  };

  const dial = async () => {
    const client = new pg.Client({
      connectionString,
      application_name: 'doppel',
      connectionTimeoutMillis: 3_000,
      query_timeout: 5_000,
      keepAlive: true,
    });
    current = client;
    const lose = (error?: unknown) => {
      if (current !== client) return;
      current = null;
      const hadHeard = isConnected;
      isConnected = false;
      // Its end may wait for a network that is silent: nobody waits for it.
      client.end().catch(() => undefined);
      if (isClosed) return;
      if (hadHeard || failures === 0) log.warn({ err: error }, 'nothing is heard of Postgres; dialling again');
      // Chance, so that the processes do not all come back in one moment.
      later(Math.min(longestRedialMs, redialAfterMs * 2 ** failures++) * (0.5 + Math.random() / 2), () => void dial());
    };
    client.on('error', lose);
    client.on('end', () => {
      lose();
    });
    client.on('notification', ({ channel, payload = '' }) => channels[channel]?.(payload));
    const check = () => {
      later(checkEveryMs, () => {
        client.query('select 1').then(check, lose);
      });
    };
    try {
      await client.connect();
      await client.query(
        Object.keys(channels)
          .map((channel) => `listen ${channel}`)
          .join('; '),
      );
    } catch (error) {
      lose(error);
      return;
    }
    if (current !== client) return;
    failures = 0;
    isConnected = true;
    check();
    onConnected();
  };
  void dial();

  return {
    isConnected: () => isConnected,
    async close() {
      isClosed = true;
      isConnected = false;
      clearTimeout(timer);
      const last = current;
      current = null;
      await last?.end().catch(() => undefined); // it may be broken already
    },
  };
}
