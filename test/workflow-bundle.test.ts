import assert from 'node:assert/strict';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { workflowFolders } from '../src/workflow-bundle.ts';

const tree = fileURLToPath(new URL('..', import.meta.url));

describe('the bundle of the workflows', () => {
  it('is made of no file whose change would not have it made anew', async function () {
    this.timeout(60_000);
    const { code } = await bundleWorkflowCode({
      workflowsPath: path.join(tree, 'workflows'),
      logger: new DefaultLogger('ERROR'),
    });
    const [, map = ''] = /^\/\/# sourceMappingURL=data:[^,]+;base64,(.+)$/m.exec(code) ?? [];
    const { sources } = JSON.parse(Buffer.from(map, 'base64').toString()) as { sources: string[] };
    const folders = sources
      .map((source) => path.relative(tree, source))
      .filter((source) => source.endsWith('.ts') && !source.startsWith('node_modules'))
      .map((source) => path.dirname(source));
    assert.deepEqual(new Set(folders), new Set(workflowFolders));
  });
});
