// The last step of `npm run build`.

import { DefaultLogger } from '@temporalio/worker';
import { buildWorkflowBundles } from './workflow-bundle.ts';

await buildWorkflowBundles({ logger: new DefaultLogger('WARN') });
