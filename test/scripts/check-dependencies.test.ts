import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { dependencyFaults, type LockFile, type Manifest } from '../../scripts/dependency-faults.ts';

const root = new URL('../../', import.meta.url);
const read = (name: string): Promise<string> => readFile(new URL(name, root), 'utf8');

describe('the check of dependencies', () => {
  let lock: LockFile;
  let manifest: Manifest;
  before(async () => {
    lock = JSON.parse(await read('package-lock.json'));
    manifest = JSON.parse(await read('package.json'));
  });

  type Entry = LockFile['packages'][string];
  const at = 'node_modules/koa';
  /** The lock file with other fields of one package; undefined takes one away. */
  const withPackage = (fields: { [Field in keyof Entry]: Entry[Field] | undefined }, path = at): LockFile => ({
    ...lock,
    packages: { ...lock.packages, [path]: JSON.parse(JSON.stringify({ ...lock.packages[path], ...fields })) },
  });
  const without = (path: string): LockFile => ({
    ...lock,
    packages: Object.fromEntries(Object.entries(lock.packages).filter(([one]) => one !== path)),
  });
  const koa = () => `koa ${String(lock.packages[at]?.version)}`;
  const refuses = (doctored: LockFile, fault: string, by = manifest) => {
    assert.deepEqual(dependencyFaults(doctored, by), [fault]);
  };

  it('finds nothing wrong with what is committed', () => {
    assert.deepEqual(dependencyFaults(lock, manifest), []);
  });

  it('refuses a package without an sha512 of its bytes', () => {
    const fault = `${koa()} has no sha512 integrity in package-lock.json: nothing says which bytes are meant.`;
    for (const integrity of [undefined, '', 'sha1-aGVsbG8=', `sha512-${'A'.repeat(86)}`]) {
      refuses(withPackage({ integrity }), fault);
    }
  });

  it('refuses a package from elsewhere than the registry', () => {
    for (const resolved of [
      'https://packages.example.com/koa/-/koa-3.3.0.tgz',
      'git+ssh://git@github.com/koajs/koa.git#v3',
      'file:../koa',
    ]) {
      refuses(withPackage({ resolved }), `${koa()} is resolved to ${resolved}: it has to come from the registry.`);
    }
  });

  it('refuses a link to a folder, and a package under another name', () => {
    refuses(
      withPackage({ link: true, integrity: undefined }),
      'koa is a link to a folder, not a package of the registry.',
    );
    refuses(withPackage({ name: 'koala' }), `${koa()} is really koala, installed under another name.`);
  });

  it('refuses a lock file that is not in step with package.json', () => {
    const { dependencies } = manifest;
    refuses(
      lock,
      `koa is 4.0.0 in dependencies of package.json and ${String(dependencies?.['koa'])} in package-lock.json: run npm install.`,
      { ...manifest, dependencies: { ...dependencies, koa: '4.0.0' } },
    );
    refuses(
      lock,
      'koala is 1.0.0 in devDependencies of package.json and not there in package-lock.json: run npm install.',
      { ...manifest, devDependencies: { ...manifest.devDependencies, koala: '1.0.0' } },
    );
    refuses(
      without('node_modules/koa'),
      'koa is in package.json, and package-lock.json does not say which one: run npm install.',
    );
    refuses({ ...lock, lockfileVersion: 2 }, 'package-lock.json is not of version 3: write it with npm 9 or newer.');
  });

  it('refuses another version than one that is pinned by overrides', () => {
    refuses(
      withPackage({ version: '1.0.0' }, 'node_modules/@swc/core'),
      `@swc/core 1.0.0 is not the ${String(manifest.overrides?.['@swc/core'])} that overrides of package.json demands.`,
    );
  });

  it('refuses an install script that nobody has looked at, wherever the package lies', () => {
    refuses(
      withPackage({ hasInstallScript: true }),
      `${koa()} has an install script: look what it does, and say so in dependency-rules.ts.`,
    );
    const nested = {
      version: '1.0.0',
      license: 'MIT',
      integrity: lock.packages[at]?.integrity,
      hasInstallScript: true,
    };
    refuses(
      withPackage(nested, 'node_modules/koa/node_modules/@scope/koala'),
      '@scope/koala 1.0.0 has an install script: look what it does, and say so in dependency-rules.ts.',
    );
  });

  it('lets no install script run that is not to', () => {
    refuses(
      lock,
      'esbuild may run its install script by allowScripts of package.json, and dependency-rules.ts does not let it.',
      { ...manifest, allowScripts: { ...manifest.allowScripts, esbuild: true } },
    );
  });

  it('refuses a licence that is not allowed for production, and takes one of a choice', () => {
    const refused = [
      undefined,
      'UNLICENSED',
      'GPL-3.0-only',
      'MIT AND GPL-3.0-only',
      '(MIT OR ISC) AND (GPL-3.0-only)',
    ];
    for (const license of refused) {
      refuses(
        withPackage({ license }),
        `${koa()} has the licence ${license ?? '(none)'}, which dependency-rules.ts does not allow: read it, and add it with the reason.`,
      );
    }
    for (const license of ['(GPL-3.0-only OR MIT)', 'MIT AND ISC', '(MIT AND ISC)']) {
      assert.deepEqual(dependencyFaults(withPackage({ license }), manifest), []);
    }
    assert.deepEqual(dependencyFaults(withPackage({ license: 'GPL-3.0-only', dev: true }), manifest), []);
  });

  it('refuses a package whose licence was read once and says something else now', () => {
    const { version } = lock.packages['node_modules/unionfs'] ?? {};
    refuses(
      withPackage({ license: 'GPL-3.0-only' }, 'node_modules/unionfs'),
      `unionfs ${String(version)} has the licence GPL-3.0-only, which dependency-rules.ts does not allow: read it, and add it with the reason.`,
    );
  });

  it('refuses a rule that is of no package any more', () => {
    refuses(
      without('node_modules/@scarf/scarf'),
      '@scarf/scarf is in dependency-rules.ts for nothing: package-lock.json has none.',
    );
  });
});

describe('the audit of dependencies', () => {
  const script = fileURLToPath(new URL('scripts/audit.sh', root));
  let folder: string;
  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'doppel-audit-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  /** What `scripts/audit.sh` makes of a registry that answers so. */
  async function audit(answer: RequestListener): Promise<{ exitCode: unknown; output: string }> {
    const registry = createServer(answer);
    await once(registry.listen(0, '127.0.0.1'), 'listening');
    const { port } = registry.address() as AddressInfo;
    const env = {
      ...process.env,
      npm_config_registry: `http://127.0.0.1:${String(port)}/`,
      npm_config_fetch_retries: '0',
      npm_config_cache: await mkdtemp(path.join(folder, 'cache-')), // npm keeps what a registry once knew
    };
    try {
      return await new Promise((resolve) => {
        execFile('bash', [script], { env }, (error, stdout, stderr) => {
          resolve({ exitCode: error?.code ?? 0, output: stdout + stderr });
        });
      });
    } finally {
      registry.closeAllConnections();
      registry.close();
    }
  }
  const knows =
    (severity: string): RequestListener =>
    (request, response) => {
      const isAsked = request.method === 'POST' && request.url === '/-/npm/v1/security/advisories/bulk';
      response.writeHead(isAsked ? 200 : 404, { 'Content-Type': 'application/json' });
      const advisory = { id: 1, url: 'https://example.com/1', title: 'a hole', severity, vulnerable_versions: '*' };
      response.end(isAsked ? JSON.stringify({ koa: [advisory] }) : '{}');
    };

  it('passes where nothing is known, and where what is known is not high', async () => {
    assert.equal((await audit((_, response) => response.end('{}'))).exitCode, 0);
    assert.equal((await audit(knows('moderate'))).exitCode, 0);
  });

  it('fails where something high or critical is known, and names the package', async () => {
    for (const severity of ['high', 'critical']) {
      const { exitCode, output } = await audit(knows(severity));
      assert.equal(exitCode, 1);
      assert.match(output, /koa[^]*a hole/);
    }
  });

  it('says that it could not ask where the registry does not answer, as another failure', async () => {
    for (const status of [405, 503]) {
      assert.deepEqual(await audit((_, response) => response.writeHead(status).end()), {
        exitCode: 69,
        output: 'The registry does not answer what is known of the dependencies: nothing was audited.\n',
      });
    }
  });
});

describe('the reasons for dependencies', () => {
  it('are in a decision for each that runs in production', async () => {
    const { dependencies, optionalDependencies } = JSON.parse(await read('package.json')) as Manifest;
    const page = await read('docs/decisions/009-runtime-dependencies.md');
    /** `@temporalio/{activity,client}` stands for two. */
    const named = [...page.matchAll(/`([^`\s]+)`/g)].flatMap(([, name = '']) => {
      const [, scope = '', several] = /^(.*)\{(.*)\}$/.exec(name) ?? [];
      return several === undefined ? [name] : several.split(',').map((one) => `${scope}${one}`);
    });
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies })) {
      assert.ok(named.includes(name), `${name} has no reason in docs/decisions/009-runtime-dependencies.md`);
    }
  });
});
