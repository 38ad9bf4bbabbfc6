import assert from 'node:assert/strict';
import { openApiDocument } from '../../src/http/openapi.ts';
import type { HttpServer } from '../../src/http/server.ts';
import { serveApp } from '../support/app.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';

describe('the documentation', () => {
  let testDatabase: TestDatabase;
  let server: HttpServer;
  before(async () => {
    testDatabase = await createTestDatabase();
    server = await serveApp({ database: testDatabase.database });
  });
  after(async () => {
    await server.close();
    await testDatabase.drop();
  });

  it('is a page that takes everything from this service: no other host is asked', async () => {
    const response = await fetch(`${server.url}/docs`);
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('content-type'), 'text/html; charset=utf-8');
    assert.match(response.headers.get('content-security-policy') ?? '', /^default-src 'self';/);
    const page = await response.text();
    const references = [...page.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, reference]) => String(reference));
    assert.ok(references.length >= 3);
    for (const reference of references) {
      assert.ok(reference.startsWith('/docs/'), reference);
      const file = await fetch(`${server.url}${reference}`);
      assert.equal(file.status, 200, reference);
      assert.ok((await file.arrayBuffer()).byteLength > 0, reference);
      assert.match(file.headers.get('x-request-id') ?? '', /^req_/);
    }
    assert.doesNotMatch(page, /https?:\/\//);
  });

  it('starts on the document of this service', async () => {
    const script = await (await fetch(`${server.url}/docs/start.js`)).text();
    assert.match(script, /url: '\/openapi\.json'/);
    assert.doesNotMatch(script, /https?:\/\//);
    const response = await fetch(`${server.url}/openapi.json`);
    assert.equal(response.headers.get('content-type'), 'application/json; charset=utf-8');
    assert.deepEqual(await response.json(), openApiDocument([]));
  });

  it('gives no other file of the package that it shows the document with', async () => {
    for (const path of [
      'package.json',
      'index.html',
      'swagger-initializer.js',
      '%2e%2e/package.json',
      '..%2fpackage.json',
    ]) {
      assert.equal((await fetch(`${server.url}/docs/${path}`)).status, 404, path);
    }
  });
});
