// Writes the OpenAPI document to the root, where readers of the repository and code generators find it: `npm run openapi`.

import { writeFile } from 'node:fs/promises';
import { endpoints } from '../src/endpoints/index.ts';
import { openApiDocument } from '../src/http/openapi.ts';

await writeFile(
  new URL('../openapi.json', import.meta.url),
  `${JSON.stringify(openApiDocument(endpoints), null, 2)}\n`,
);
