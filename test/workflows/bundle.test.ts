import assert from 'node:assert/strict';
import { bundleWorkflowCode } from '@temporalio/worker';
import { quietLogger, workflowsPath } from '../support/workflow-runs.ts';

/** The files that a bundle was made of, as its source map names them. */
function sourcesOf(code: string): string[] {
  const [, map = ''] = /sourceMappingURL=data:application\/json;charset=utf-8;base64,(\S+)/.exec(code) ?? [];
  return (JSON.parse(Buffer.from(map, 'base64').toString()) as { sources: string[] }).sources;
}

const packageOf = (source: string): string | undefined =>
  /node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*node_modules\/)/.exec(source)?.[1];

describe('the bundle of the workflows', () => {
  let code: string;
  let sources: string[];

  before(async () => {
    ({ code } = await bundleWorkflowCode({ workflowsPath, logger: quietLogger }));
    sources = sourcesOf(code);
  });

  it('is under 2 MB', () => {
    assert.ok(code.length < 2_000_000, `it has ${String(code.length)} characters`);
  });

  it('holds our workflows and of our own code besides only the domain', () => {
    const ours = sources.filter((source) => packageOf(source) === undefined && /\.ts$/.test(source));
    const folders = new Set(ours.map((source) => /(?:^|\/)(workflows|activities|src\/[^/]+)\//.exec(source)?.[1]));
    assert.deepEqual([...folders].sort(), ['src/domain', 'workflows']);
  });

  it('holds no package but those of Temporal’s workflow runtime', () => {
    const packages = new Set(sources.map(packageOf).filter((name) => name !== undefined));
    const runtime = ['@temporalio/common', '@temporalio/workflow', 'long', 'ms', 'nexus-rpc'];
    for (const name of packages) assert.ok(runtime.includes(name), `${name} is in the bundle`);
  });

  it('asks for no module of Node, and for none that is not in it', () => {
    assert.deepEqual(
      sources.filter((source) => source.startsWith('external ')),
      [],
    );
  });
});
