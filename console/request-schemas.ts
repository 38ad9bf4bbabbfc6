// Makes `virtual:request-schemas` of the API's own schemas while the console is built: what checks a form before it is sent, and
// what fields a person has. Compiled ahead, since the page's Content-Security-Policy forbids AJV's `new Function`.

import standaloneCode from 'ajv/dist/standalone/index.js';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { Plugin } from 'vite';
import { createApiKeyBody } from '../src/schemas/api-key.ts';
import { identity } from '../src/schemas/identity.ts';
import { cloneInfluencerBody, createInfluencerBody, updateInfluencerBody } from '../src/schemas/influencer.ts';
import { createProjectBody } from '../src/schemas/project.ts';
import { patternMeanings } from '../src/schemas/text.ts';
import { createWebhookEndpointBody } from '../src/schemas/webhook.ts';

const bodies = {
  createInfluencer: createInfluencerBody,
  cloneInfluencer: cloneInfluencerBody,
  updateInfluencer: updateInfluencerBody,
  createProject: createProjectBody,
  createWebhookEndpoint: createWebhookEndpointBody,
  createApiKey: createApiKeyBody,
};

const name = 'virtual:request-schemas';

export const requestSchemas = (): Plugin => ({
  name: 'request-schemas',
  resolveId: (id) => (id === name ? `\0${name}` : null),
  load: (id) => (id === `\0${name}` ? moduleText() : null),
});

function moduleText(): string {
  // Formats and free JSON are left to the API: their checks are programs of Node.
  const ajv = new Ajv2020({
    ...{ allErrors: true, strict: true, allowUnionTypes: true },
    formats: { 'date-time': true, 'time-zone': true, 'language-tag': true, uri: true },
    code: { source: true, esm: true },
  });
  ajv.addVocabulary(['x-limits']);
  for (const [key, schema] of Object.entries(bodies)) ajv.addSchema(schema, key);
  const checks = standaloneCode(ajv, Object.fromEntries(Object.keys(bodies).map((key) => [key, key])));
  const facts = {
    identitySchema: { properties: identity.properties },
    patternMeanings: Object.fromEntries(patternMeanings),
  };
  return [
    importing(checks),
    ...Object.entries(facts).map(([key, fact]) => `export const ${key} = ${JSON.stringify(fact)};`),
  ].join('\n');
}

/** AJV asks for what its checks share by `require`, in modules too. */
const importing = (code: string): string =>
  code
    .replaceAll(
      /const (\w+) = require\("([^"]+)"\)\.default;/g,
      'import shared_$1 from "$2.js"; const $1 = shared_$1.default ?? shared_$1;',
    )
    .replace('"use strict";', '');
