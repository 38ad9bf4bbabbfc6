import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A new folder that any user may enter. */
export async function makeTemporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'doppel-test-'));
  await chmod(folder, 0o755);
  return folder;
}

export const removeTemporaryFolder = (folder: string): Promise<void> => rm(folder, { recursive: true, force: true });
