// The files that Doppel is deployed by, held against what they deploy.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify, stripVTControlCharacters } from 'node:util';
import { parse, parseAllDocuments } from 'yaml';
import { taskQueues } from '../../src/domain/task-queues.ts';
import { deploymentName } from '../../src/temporal/worker-versions.ts';
import { spawnDoppel } from '../support/doppel-process.ts';
import { installFromGo, moduleFromGo } from '../support/install-from-go.ts';
import { makeTemporaryFolder, removeTemporaryFolder } from '../support/temporary-folder.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (name: string) => readFile(join(root, name), 'utf8');

/** Long enough for where what reads the files has to be built first. */
const goTimeoutMs = 300_000;

let commands: string[];
let variables: Set<string | undefined>;
let imageEnv: Record<string, string>;

before(async () => {
  const help = spawnDoppel(['--help'], { cwd: root, env: {} });
  assert.equal(await help.exited, 0);
  commands = [...help.output().matchAll(/^ {2}([a-z-]+)/gm)].flatMap(([, name]) => name ?? []);
  const described = [...(await read('.env.example')).matchAll(/^#? ?([A-Z][A-Z0-9_]+)=/gm)].map(([, name]) => name);
  const ofAwsSdk = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'];
  variables = new Set([...described, ...ofAwsSdk]);
  const lines = [...(await read('Dockerfile')).matchAll(/^ENV (.*)$/gm)].map(([, line = '']) => line);
  imageEnv = Object.fromEntries(lines.flatMap((line) => line.split(' ')).map((one) => one.split('=')));
});

/** Throws for what the code does not know. */
function assertKnown(where: string, { command, env }: { command: unknown; env: readonly string[] }): void {
  assert.ok(Array.isArray(command) && commands.includes(String(command[0])), `${where}: ${JSON.stringify(command)}`);
  assert.deepEqual(
    env.filter((name) => !variables.has(name)),
    [],
    where,
  );
}

describe('the image', () => {
  it('listens at the port that it exposes and looks at, whatever it runs, and is told nothing that the code does not know', async () => {
    const dockerfile = await read('Dockerfile');
    const [, exposed] = /^EXPOSE (\d+)$/m.exec(dockerfile) ?? [];
    const [, checked] = /127\.0\.0\.1:(\d+)\/readyz/.exec(dockerfile) ?? [];
    const { PORT, WORKER_PORT, CODEC_PORT } = imageEnv;
    assert.deepEqual([checked, PORT, WORKER_PORT, CODEC_PORT], [exposed, exposed, exposed, exposed]);
    const own = Object.keys(imageEnv).filter((name) => name !== 'NODE_ENV');
    assert.deepEqual(
      own.filter((name) => !variables.has(name)),
      [],
    );
  });
});

describe('docker-compose.yml', () => {
  interface Service {
    image: string;
    command?: string[];
    environment?: Record<string, string>;
    ports?: string[];
  }

  it('is what Compose takes', async function () {
    this.timeout(goTimeoutMs);
    const reader = await installFromGo('Compose reader', 'github.com/compose-spec/compose-go/v2/cmd', '2.16.2');
    const { stdout } = await promisify(execFile)(reader, ['-no-interpolation', 'docker-compose.yml'], { cwd: root });
    assert.match(stdout, /^services:$/m);
  });

  it('asks for the values that its head has one choose, and for no other', async () => {
    const text = await read('docker-compose.yml');
    const [head = ''] = text.split('\n\n');
    const chosen = [...head.matchAll(/([A-Z][A-Z0-9_]+)=/g)].map(([, name]) => name);
    const asked = [...text.matchAll(/\$\{([A-Z0-9_]+):\?/g)].map(([, name]) => name);
    assert.deepEqual([...new Set(asked)].sort(), chosen.sort());
  });

  it('runs commands that there are, with variables that they know, and publishes nothing beyond this machine', async () => {
    const { services, configs } = parse(await read('docker-compose.yml'), { merge: true }) as {
      services: Record<string, Service>;
      configs: { caddyfile: { content: string } };
    };
    const ours = Object.entries(services).filter(([, service]) => service.image === 'doppel');
    assert.deepEqual(ours.map(([name]) => name).sort(), ['api', 'migrate', 'worker']);
    for (const [name, { command, environment = {} }] of ours)
      assertKnown(name, { command, env: Object.keys(environment) });
    for (const { ports = [] } of Object.values(services))
      for (const port of ports) assert.match(port, /^127\.0\.0\.1:/);
    assert.match(configs.caddyfile.content, /^ +respond \/internal\/\* 404$/m, 'callers reach what renderers ask');
    assert.match(configs.caddyfile.content, new RegExp(`dynamic a api ${String(imageEnv['PORT'])} `));
  });
});

describe('the Kubernetes manifests', () => {
  interface Container {
    name: string;
    args: string[];
    env?: { name: string }[];
    ports?: { name: string; containerPort: number }[];
  }
  interface Manifest {
    kind: string;
    metadata: { name: string };
    data?: Record<string, string>;
    stringData?: Record<string, string>;
    spec?: {
      template?: { metadata?: { labels: Record<string, string> }; spec: { containers: Container[] } };
      selector?: { matchLabels?: Record<string, string> };
      scaleTargetRef?: { name: string };
      triggers?: { type: string; metadata: Record<string, string> }[];
    };
  }
  const keda = ['github.com/kedacore/keda/v2', '2.21.0'] as const;
  let texts: string[];
  let manifests: Manifest[];

  before(async () => {
    const folder = 'deploy/kubernetes';
    const files = await Promise.all((await readdir(join(root, folder))).map((name) => read(`${folder}/${name}`)));
    texts = files.map((text) =>
      text.replaceAll('${BUILD_ID}', '2026-11-30').replaceAll('${IMAGE}', 'doppel:2026-11-30'),
    );
    manifests = texts.flatMap((text) =>
      parseAllDocuments(text).map((document) => {
        assert.deepEqual(document.errors, []);
        return document.toJS() as Manifest;
      }),
    );
  });

  it('are what Kubernetes takes, and KEDA', async function () {
    this.timeout(goTimeoutMs);
    const validator = await installFromGo('Kubernetes validator', 'sigs.k8s.io/kubectl-validate', '0.0.4');
    const definitions = join(await moduleFromGo(...keda), 'config/crd/bases');
    const folder = await makeTemporaryFolder();
    try {
      await writeFile(join(folder, 'all.yaml'), texts.join('\n---\n'));
      const { stdout } = await promisify(execFile)(validator, [
        folder,
        '--version',
        '1.30',
        '--local-crds',
        definitions,
      ]);
      assert.match(stripVTControlCharacters(stdout), /all\.yaml\.\.\.OK/);
    } finally {
      await removeTemporaryFolder(folder);
    }
  });

  it('tell KEDA’s scaler of Temporal nothing that it does not know, or knows no more', async function () {
    this.timeout(goTimeoutMs);
    const scaler = await readFile(join(await moduleFromGo(...keda), 'pkg/scalers/temporal_scaler.go'), 'utf8');
    const known = [...scaler.matchAll(/`keda:"name=(\w+),\s*order=triggerMetadata([^"]*)"`/g)].flatMap(
      ([, name, rest = '']) => (rest.includes('deprecated') ? [] : [name]),
    );
    assert.ok(known.includes('workerDeploymentBuildId'));
    const told = manifests.flatMap(({ spec }) => spec?.triggers ?? []).flatMap(({ metadata }) => Object.keys(metadata));
    assert.deepEqual(
      told.filter((name) => !known.includes(name)),
      [],
    );
  });

  it('run commands that there are, with variables that they know, at the ports of the image', () => {
    const containers = manifests.flatMap(({ spec }) => spec?.template?.spec.containers ?? []);
    assert.deepEqual(containers.map(({ name }) => name).sort(), ['api', 'codec-server', 'migrate', 'worker']);
    const config = manifests.flatMap(({ data = {}, stringData = {} }) => [
      ...Object.keys(data),
      ...Object.keys(stringData),
    ]);
    assert.ok(config.length > 10);
    const [metricsPort] = manifests.flatMap(({ data }) => data?.['METRICS_PORT'] ?? []);
    for (const { name, args, env = [], ports = [] } of containers) {
      assertKnown(name, { command: args, env: [...config, ...env.map((one) => one.name)] });
      for (const port of ports) {
        assert.equal(String(port.containerPort), port.name === 'metrics' ? metricsPort : imageEnv['PORT'], name);
      }
    }
  });

  it('select what they make, and scale what there is', () => {
    const labels = manifests.map(({ spec }) => spec?.template?.metadata?.labels ?? {});
    for (const { kind, metadata, spec } of manifests) {
      const wanted = Object.entries(spec?.selector?.matchLabels ?? {});
      const isMade = labels.some((one) => wanted.every(([name, value]) => one[name] === value));
      assert.ok(wanted.length === 0 || isMade, `${kind} ${metadata.name} selects nothing`);
      const { scaleTargetRef } = spec ?? {};
      const isThere = manifests.some((one) => one.kind === 'Deployment' && one.metadata.name === scaleTargetRef?.name);
      assert.ok(scaleTargetRef === undefined || isThere, `${kind} ${metadata.name} scales nothing`);
    }
  });

  it('scale workers by the queue that drawings wait in, of their own version', () => {
    const triggers = manifests.flatMap(({ spec }) => spec?.triggers ?? []);
    assert.deepEqual(
      triggers.map(({ type, metadata: { taskQueue, workerDeploymentName } }) => [
        type,
        taskQueue,
        workerDeploymentName,
      ]),
      [['temporal', taskQueues.rendering, deploymentName]],
    );
  });
});
