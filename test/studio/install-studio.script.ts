// An installation of its own, for tests that kill it.
import { installStudio } from '../../src/studio/install-studio.ts';

const place = JSON.parse(process.argv[2] ?? '') as { dataDir: string; program: string; env: Record<string, string> };
await installStudio({
  ...place,
  onBegin: () => undefined,
  onProgress: () => undefined,
  signal: new AbortController().signal,
});
