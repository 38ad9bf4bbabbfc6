// Temporal's time-skipping server for workflow tests: what the SDK downloads, or, where only Maven Central can be reached, the
// same server as Java (https://github.com/temporalio/sdk-java/tree/master/temporal-test-server).
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { access, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { cacheFolder } from '../../src/embedded/find-temporal.ts';

const version = '1.38.0';
const folder = join(cacheFolder(process.env), `temporal-test-server-${version}`);
const executable = join(folder, 'temporal-test-server');

/** Starts an environment whose clock skips what workflows wait for; tear it down after use. */
export async function createTimeSkippingEnvironment(): Promise<TestWorkflowEnvironment> {
  if (!(await exists(executable))) {
    if (await isReachable('temporal.download')) return TestWorkflowEnvironment.createTimeSkipping();
    await installFromMaven();
  }
  return TestWorkflowEnvironment.createTimeSkipping({
    server: { executable: { type: 'existing-path', path: executable } },
  });
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

async function isReachable(host: string): Promise<boolean> {
  const socket = connect({ host, port: 443 });
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(1_500) });
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

const pom = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>doppel</groupId>
  <artifactId>temporal-test-server</artifactId>
  <version>1</version>
  <dependencies>
    <dependency>
      <groupId>io.temporal</groupId>
      <artifactId>temporal-test-server</artifactId>
      <version>${version}</version>
    </dependency>
    <dependency>
      <groupId>org.slf4j</groupId>
      <artifactId>slf4j-nop</artifactId>
      <version>1.7.36</version>
    </dependency>
  </dependencies>
</project>
`;

const launcher = `#!/bin/sh
exec java -cp "$(dirname "$0")/lib/*" io.temporal.testserver.TestServer "$@"
`;

async function installFromMaven(): Promise<void> {
  const draft = `${folder}-${randomUUID()}`;
  await mkdir(draft, { recursive: true });
  try {
    const pomFile = join(draft, 'pom.xml');
    await writeFile(pomFile, pom);
    await run('java', ['-version']);
    const copy = ['dependency:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${join(draft, 'lib')}`];
    await run('mvn', ['--quiet', '--batch-mode', '--file', pomFile, ...copy]);
    await writeFile(join(draft, 'temporal-test-server'), launcher, { mode: 0o755 });
    // Another run may have put the same there first.
    await rename(draft, folder).catch(() => access(executable));
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

async function run(program: string, args: readonly string[]): Promise<void> {
  try {
    await promisify(execFile)(program, args);
  } catch (error) {
    throw new Error(
      `Temporal's time-skipping test server is not on this machine: temporal.download cannot be reached, and fetching it from Maven Central needs java and mvn on PATH; ${program} failed.`,
      { cause: error },
    );
  }
}
