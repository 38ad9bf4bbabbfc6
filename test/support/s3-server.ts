// A strict S3 server for a test file, versitygw (https://github.com/versity/versitygw), with one bucket in a folder of its own.

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { startChildServer } from '../../src/embedded/child-server.ts';
import { freePorts } from '../../src/embedded/free-ports.ts';
import type { StorageSettings } from '../../src/storage/open-storage.ts';
import { installFromGo } from './install-from-go.ts';
import { makeTemporaryFolder, removeTemporaryFolder } from './temporary-folder.ts';

export type S3StorageSettings = Extract<StorageSettings, { kind: 's3' }>;

const credentials = { accessKeyId: 'doppel-tests', secretAccessKey: 'known to the tests alone' };

/** Long enough for where the server has to be built first. */
export const s3TimeoutMs = 300_000;

export interface TestS3 {
  /** How a storage finds the bucket of this server. */
  settings: S3StorageSettings;
  /** The same for a process that a test starts. */
  environment: Record<string, string>;
  /** Where the bytes of objects lie as files, for a test that damages them. */
  bucketFolder: string;
  close: () => Promise<void>;
}

export async function startTestS3(): Promise<TestS3> {
  const command = await installFromGo('versitygw', 'github.com/versity/versitygw/cmd/versitygw', '1.8.0');
  const home = await makeTemporaryFolder();
  const [buckets, metadata, bucket] = [join(home, 'buckets'), join(home, 'metadata'), 'doppel'];
  const bucketFolder = join(buckets, bucket);
  await mkdir(bucketFolder, { recursive: true });
  await mkdir(metadata);
  const { s3: port } = await freePorts(['s3']);
  const endpoint = `http://127.0.0.1:${String(port)}`;
  const server = await startChildServer({
    name: 'The S3 server',
    command,
    args: [
      ...['--port', `127.0.0.1:${String(port)}`, '--keep-alive', '--health', '/health', '--quiet'],
      ...['posix', '--sidecar', metadata, buckets],
    ],
    env: { ROOT_ACCESS_KEY_ID: credentials.accessKeyId, ROOT_SECRET_ACCESS_KEY: credentials.secretAccessKey },
    cwd: home,
    logFile: join(home, 'versitygw.log'),
    stopSignal: 'SIGTERM',
    isReady: () =>
      fetch(`${endpoint}/health`).then(
        ({ ok }) => ok,
        () => false,
      ),
    readyWithinMs: 30_000,
  });
  return {
    settings: {
      ...{ kind: 's3', bucket, region: 'us-east-1', endpoint, publicEndpoint: null, forcePathStyle: true },
      credentials,
    },
    environment: {
      ...{ S3_BUCKET: bucket, S3_ENDPOINT: endpoint, S3_FORCE_PATH_STYLE: 'true' },
      ...{ AWS_ACCESS_KEY_ID: credentials.accessKeyId, AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey },
    },
    bucketFolder,
    async close() {
      await server.stop();
      await removeTemporaryFolder(home);
    },
  };
}
