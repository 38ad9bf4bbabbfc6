// The last step of `npm run build`.

import { DefaultLogger } from '@temporalio/worker';
import { buildWorkflowBundle } from './workflow-bundle.ts';

await buildWorkflowBundle({ logger: new DefaultLogger('WARN') });
