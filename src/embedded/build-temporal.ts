// Where Temporal's download cannot be reached but Go's modules can: the same program, built from its source.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

type BuildTemporalOptions = {
  /** The path of the `go` program. */
  readonly go: string;
  readonly version: string;
  /** An empty folder to work in. */
  readonly draft: string;
  readonly env: Readonly<NodeJS.ProcessEnv>;
  readonly onProgress: (message: string) => void;
  readonly signal?: AbortSignal | undefined;
};

const progressEveryMs = 5_000;
const module = 'github.com/temporalio/cli';

/** Builds the program into `draft` and answers its path; rejects with the last line that Go wrote. */
export async function buildTemporal(options: BuildTemporalOptions): Promise<string> {
  const { go, version, draft, env, onProgress, signal } = options;
  onProgress(
    'Building the Temporal server with Go from its source, since it is not on this machine; that takes 3 to 4 minutes, once for this user …',
  );
  const startedAt = performance.now();
  const seconds = () => String(Math.round((performance.now() - startedAt) / 1000));
  const timer = setInterval(() => {
    onProgress(`Building the Temporal server: ${seconds()} s so far (3 to 4 minutes in all)`);
  }, progressEveryMs);
  try {
    // The flags of the release's own build (.goreleaser.yml).
    const linkerFlags = `-s -w -X ${module}/temporalcli.Version=${version}`;
    const child = spawn(go, ['install', '-ldflags', linkerFlags, `${module}/cmd/temporal@v${version}`], {
      cwd: draft,
      env: { ...env, GOBIN: draft },
      stdio: ['ignore', 'ignore', 'pipe'],
      ...(signal && { signal }),
    });
    const [errors] = await Promise.all([text(child.stderr), once(child, 'exit')]);
    if (child.exitCode !== 0) throw new Error(`go install: ${errors.trim().split('\n').at(-1) ?? ''}`);
    onProgress(`Built the Temporal server in ${seconds()} s.`);
    return join(draft, 'temporal');
  } finally {
    clearInterval(timer);
  }
}
