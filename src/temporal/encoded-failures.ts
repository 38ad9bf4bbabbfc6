// Loaded by Temporal's SDK, by the name of its file: messages and stack traces of failures become payloads too, which the codec encrypts.

import { DefaultFailureConverter } from '@temporalio/common';

export const failureConverter = new DefaultFailureConverter({ encodeCommonAttributes: true });
