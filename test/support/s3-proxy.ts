// Stands before an S3 server, for answers that a sound server does not give on demand.

import { request } from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { S3StorageSettings } from './s3-server.ts';
import { startScriptedServer, type ScriptedServer, type Step } from './scripted-server.ts';

export interface S3Proxy extends Pick<ScriptedServer, 'asked' | 'close'> {
  /** Where the bucket is reached through it. */
  endpoint: string;
  /** Answers requests with this method so from now on; null passes them on again, as everything else is. */
  answer: (method: string, step: Step | null) => void;
  passOn: Step;
}

/** Close it after use. */
export async function startS3Proxy({ endpoint }: S3StorageSettings): Promise<S3Proxy> {
  const target = new URL(endpoint ?? '');
  const steps = new Map<string, Step>();
  const passOn: Step = (response, { method, path, headers, body }) =>
    new Promise((resolve, reject) => {
      // With the `Host` that came: it is signed.
      const passed = request({ host: target.hostname, port: target.port, path, method, headers }, (reply) => {
        response.writeHead(reply.statusCode ?? 502, reply.headers);
        pipeline(reply, response).then(resolve, reject);
      });
      passed.on('error', reject);
      passed.end(body);
    });
  const { url, asked, close } = await startScriptedServer((response, one) =>
    (steps.get(one.method) ?? passOn)(response, one),
  );
  return {
    ...{ endpoint: url, asked, close, passOn },
    answer(method, step) {
      if (step === null) steps.delete(method);
      else steps.set(method, step);
    },
  };
}
