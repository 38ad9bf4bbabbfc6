// Temporal's own archive of its command-line program (https://docs.temporal.io/cli, "install from CDN").
import { execFile } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { arch, platform } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';

type DownloadTemporalOptions = {
  readonly version: string;
  /** An empty folder to work in. */
  readonly draft: string;
  readonly env: Readonly<NodeJS.ProcessEnv>;
  readonly onProgress: (message: string) => void;
  readonly signal?: AbortSignal | undefined;
  readonly downloadFrom?: string | undefined;
  readonly fetch?: typeof fetch | undefined;
};

/** To wait for the answer's head, and then for each next piece. */
const silenceMs = 8_000;
const progressEveryMs = 1_000;

/** Downloads and unpacks the program into `draft` and answers its path; rejects with the cause. */
export async function downloadTemporal(options: DownloadTemporalOptions): Promise<string> {
  const { version, draft, env, onProgress, signal, downloadFrom = 'https://temporal.download/cli/archive/' } = options;
  const url = new URL(`v${version}`, downloadFrom);
  url.searchParams.set('platform', platform());
  url.searchParams.set('arch', arch() === 'x64' ? 'amd64' : arch());

  onProgress(`Downloading the Temporal server (once for this user) from ${url.href} …`);
  const silence = new AbortController();
  const timer = setTimeout(() => {
    silence.abort(new Error(`nothing came from ${url.host} for ${String(silenceMs / 1000)} s`));
  }, silenceMs);
  const archive = join(draft, 'temporal.tar.gz');
  try {
    const response = await (options.fetch ?? fetch)(url, {
      signal: AbortSignal.any(signal ? [signal, silence.signal] : [silence.signal]),
    });
    if (!response.ok || response.body === null) throw new Error(`${url.host} answered ${String(response.status)}`);
    const report = reporter(Number(response.headers.get('content-length')), onProgress);
    await pipeline(
      Readable.fromWeb(response.body),
      async function* (pieces: AsyncIterable<Uint8Array>) {
        for await (const piece of pieces) {
          timer.refresh();
          report(piece.byteLength);
          yield piece;
        }
      },
      createWriteStream(archive),
    );
  } catch (error) {
    throw causeOf(error);
  } finally {
    clearTimeout(timer);
  }
  await promisify(execFile)('tar', ['-xzf', archive, '-C', draft, 'temporal'], { env });
  return join(draft, 'temporal');
}

/** `fetch` says only "fetch failed"; why is in its cause. */
const causeOf = (error: unknown): unknown =>
  error instanceof TypeError && error.cause instanceof Error ? error.cause : error;

function reporter(total: number, onProgress: (message: string) => void): (bytes: number) => void {
  const inMegabytes = (bytes: number) => (bytes / 1_000_000).toFixed(1);
  let received = 0;
  let reportedAt = performance.now();
  return (bytes) => {
    received += bytes;
    if (performance.now() - reportedAt < progressEveryMs && received !== total) return;
    reportedAt = performance.now();
    onProgress(
      `Downloading the Temporal server: ${inMegabytes(received)}${total > 0 ? ` of ${inMegabytes(total)}` : ''} MB`,
    );
  };
}
