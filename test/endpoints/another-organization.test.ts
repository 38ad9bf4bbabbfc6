// What an organization has is nobody else's, whichever way its ids are said. It reads the list of endpoints and their schemas, so
// that a new one is held to it as well.

import assert from 'node:assert/strict';
import { v7 as newId } from 'uuid';
import { query } from '../../src/db/database.ts';
import { formatId, idPattern, idPrefixes, parseId, type IdKind } from '../../src/domain/ids.ts';
import { endpoints } from '../../src/endpoints/index.ts';
import { pathParamsOf } from '../../src/http/validation.ts';
import {
  call,
  createTenant,
  createTestKey,
  createTestProject,
  startTestApi,
  type Reply,
  type Tenant,
  type TestApi,
} from '../support/api.ts';
import { addImage, createInfluencer, unknownId } from '../support/builders.ts';
import { putExampleUpload } from '../support/uploads.ts';
import { insertDelivery, insertEndpoint } from '../support/webhooks.ts';

interface Schema {
  pattern?: string;
  properties?: Record<string, Schema>;
  items?: Schema;
  examples?: unknown[];
}

interface IdField {
  /** The names that lead to it. */
  at: string[];
  kind: IdKind;
  isList: boolean;
}

const kinds = Object.keys(idPrefixes) as IdKind[];

/** Every field of a schema that is an id of something. */
function idFieldsOf({ properties = {} }: Schema, at: string[] = []): IdField[] {
  return Object.entries(properties).flatMap(([name, schema]) => {
    const kind = kinds.find((one) => [schema.pattern, schema.items?.pattern].includes(idPattern(one)));
    return [
      ...(kind === undefined ? [] : [{ at: [...at, name], kind, isList: schema.items !== undefined }]),
      ...idFieldsOf(schema, [...at, name]),
    ];
  });
}

/** A copy of an object with a value where these names lead. */
const withValue = (object: object, [name = '', ...rest]: string[], value: unknown): object => ({
  ...object,
  [name]: rest.length === 0 ? value : withValue((object as Record<string, object>)[name] ?? {}, rest, value),
});

/** Ids that a caller chooses for what it makes: whoever else has the same is no matter. */
const chosen = ['createInfluencer influencerId', 'cloneInfluencer newInfluencerId', 'createProject id'];

describe('what another organization has', () => {
  const marker = `marker ${newId()}`;
  let api: TestApi;
  let owner: Tenant;
  /** As callers see them. */
  let owned: Map<IdKind, string>;

  before(async () => {
    api = await startTestApi();
    owner = await createTenant(api.database, { scopes: ['*', 'org:admin'] });
    const { projectId, organizationId, key } = owner;
    await call(`${api.url}/v1/projects/${projectId}`, { method: 'PATCH', key, body: { name: marker } });
    const { jobId, influencerId } = await createInfluencer(api, owner, { name: marker, vibe: marker });
    const asset = await addImage(api.database, influencerId, { role: 'uploaded' });
    await putExampleUpload(api, owner);
    const [upload] = await query<{ id: string }>(api.database, 'select id from uploads');
    const endpoint = await insertEndpoint(api.database, owner, { url: `https://${newId()}.example.com/` });
    const { deliveryId } = await insertDelivery(api.database, endpoint, 'failed');
    const { apiKeyId } = (await call(`${api.url}/v1/whoami`, { key })).body as { apiKeyId: string };
    owned = new Map<IdKind, string>([
      ['organization', formatId('organization', organizationId)],
      ['project', projectId],
      ['influencer', influencerId],
      ['job', jobId],
      ['asset', formatId('asset', asset)],
      ['upload', formatId('upload', upload?.id ?? '')],
      ['apiKey', apiKeyId],
      ['webhookEndpoint', formatId('webhookEndpoint', endpoint.id)],
      ['webhookDelivery', formatId('webhookDelivery', deliveryId)],
    ]);
  });
  after(() => api.close());

  const ownedId = (kind: IdKind) => owned.get(kind) ?? assert.fail(`this test has no ${kind}: make one in before()`);

  interface Outsider {
    key: string;
    projectId: string;
    /** Whether administrators of its organization see the owner's keys. */
    isOfOwner: boolean;
  }
  const stranger = async (): Promise<Outsider> => ({
    ...(await createTenant(api.database, { scopes: ['*', 'org:admin'] })),
    isOfOwner: false,
  });
  const otherEnvironment = async (): Promise<Outsider> => ({
    key: await createTestKey(api.database, owner.organizationId, { scopes: ['*', 'org:admin'], environment: 'test' }),
    projectId: await createTestProject(api.database, owner.organizationId, 'test'),
    isOfOwner: true,
  });

  /** Every row of the owner, whole. */
  async function ownedRows(): Promise<string[]> {
    const tables = await query<{ name: string }>(
      api.database,
      `select table_name as name from information_schema.columns
       where table_schema = 'public' and column_name = 'organization_id'`,
    );
    const rows = await Promise.all(
      tables.map(({ name }) =>
        query<{ row: string }>(
          api.database,
          `select '${name} ' || to_jsonb(t)::text as row from ${name} t where organization_id = :organizationId`,
          { organizationId: owner.organizationId },
        ),
      ),
    );
    return rows.flat().map(({ row }) => row);
  }

  /** Does what an outsider does, and asserts that each row of the owner is as it was. */
  async function leavingAllAsItIs<Result>(attempt: () => Promise<Result>): Promise<Result> {
    const before = await ownedRows();
    const result = await attempt();
    const after = new Set(await ownedRows());
    assert.deepEqual(
      before.filter((row) => !after.has(row)),
      [],
    );
    return result;
  }

  /** Asserts that a reply tells nothing of the owner's that was not sent. */
  function assertTellsNothing({ body, headers }: Reply, sent: readonly string[] = []): void {
    const text = `${JSON.stringify(body) || ''} ${JSON.stringify([...headers])}`;
    for (const one of [marker, ...owned.values()]) {
      assert.ok(sent.includes(one) || !text.includes(one), `${one} in ${text}`);
    }
  }

  /** A reply without what differs between two that say the same. */
  const anonymous = ({ status, body }: Reply, sent: string) => ({
    status,
    text: JSON.stringify(body ?? null)
      .replaceAll(sent, 'the id')
      .replaceAll(/\b[a-z]{3}_[0-9A-Z]{26}\b/g, 'an id')
      .replaceAll(/"\d{4}-\d\d-\d\dT[\d:.]+Z"/g, '"a time"'),
  });

  for (const endpoint of endpoints) {
    const { operationId } = endpoint;
    const method = endpoint.method.toUpperCase();
    const params = pathParamsOf(endpoint.path);
    const example = (endpoint.body as Schema | undefined)?.examples?.[0] as object | undefined;
    const send = (key: string, ids: Record<string, string>, { body = example, search = '' } = {}) =>
      call(`${api.url}${endpoint.path.replaceAll(/:(\w+)/g, (_, name: string) => ids[name] ?? '')}${search}`, {
        method,
        key,
        ...(body === undefined ? {} : { body }),
      });
    const kindOf = (param: string) => param.replace(/Id$/, '') as IdKind;

    /** What an outsider may name in the path, of its own where it has such a thing. */
    async function ownIds({ key, projectId }: Outsider): Promise<Record<string, string>> {
      const own: Record<string, string> = { projectId };
      if (params.includes('influencerId')) Object.assign(own, await createInfluencer(api, { key, projectId }));
      return Object.fromEntries(params.map((param) => [param, own[param] ?? unknownId(kindOf(param))]));
    }

    describe(`by ${operationId}`, () => {
      for (const param of params) {
        it(`is neither told nor changed, whoever names its ${param} in the path`, async () => {
          for (const outsider of [await stranger(), await otherEnvironment()]) {
            if (outsider.isOfOwner && param === 'apiKeyId') continue; // keys are administrated from either environment
            const own = await ownIds(outsider);
            const foreign = ownedId(kindOf(param));
            const unknown = unknownId(kindOf(param));
            const reply = await leavingAllAsItIs(() => send(outsider.key, { ...own, [param]: foreign }));
            assertTellsNothing(reply, [foreign]);
            const expected = await send(outsider.key, { ...own, [param]: unknown });
            assert.deepEqual(anonymous(reply, foreign), anonymous(expected, unknown));
            assert.equal(reply.status, 404);
          }
        });
      }

      for (const { at, kind, isList } of idFieldsOf((endpoint.body as Schema | undefined) ?? {})) {
        it(`is as if it were not there, whoever names it as ${at.join('.')} in the body`, async () => {
          const isChosen = chosen.includes(`${operationId} ${at.join('.')}`);
          // In its own organization an id that is chosen is taken, in either environment.
          for (const outsider of [await stranger(), ...(isChosen ? [] : [await otherEnvironment()])]) {
            const own = await ownIds(outsider);
            const sendNamed = (id: string) =>
              send(outsider.key, own, { body: withValue(example ?? {}, at, isList ? [id] : id) });
            const foreign = ownedId(kind);
            const unknown = unknownId(kind);
            const reply = await leavingAllAsItIs(() => sendNamed(foreign));
            assertTellsNothing(reply, [foreign]);
            assert.deepEqual(anonymous(reply, foreign), anonymous(await sendNamed(unknown), unknown));
          }
        });
      }

      for (const { at, kind } of idFieldsOf((endpoint.query as Schema | undefined) ?? {})) {
        it(`is as if it were not there, whoever asks for ${at.join('.')} in the query`, async () => {
          for (const outsider of [await stranger(), await otherEnvironment()]) {
            const own = await ownIds(outsider);
            const ask = (id: string) => send(outsider.key, own, { search: `?${at.join('.')}=${id}` });
            const reply = await ask(ownedId(kind));
            assertTellsNothing(reply, [ownedId(kind)]);
            const unknown = unknownId(kind);
            assert.deepEqual(anonymous(reply, ownedId(kind)), anonymous(await ask(unknown), unknown));
          }
        });
      }

      if (endpoint.method === 'get') {
        it('is not told to whoever names nothing of it', async () => {
          for (const outsider of [await stranger(), await otherEnvironment()]) {
            const isOfKeys = outsider.isOfOwner && ['listApiKeys', 'whoAmI'].includes(operationId);
            const shared = isOfKeys ? [ownedId('organization'), ownedId('apiKey')] : [];
            assertTellsNothing(await send(outsider.key, await ownIds(outsider)), shared);
          }
        });
      }
    });
  }

  it('is found by its owner, so that these tests ask for what is there', async () => {
    for (const endpoint of endpoints.filter(({ method }) => method === 'get')) {
      const path = endpoint.path.replaceAll(/:(\w+)Id/g, (_, kind: IdKind) => ownedId(kind));
      const reply = await call(`${api.url}${path}`, { key: owner.key });
      assert.equal(reply.status, 200, endpoint.operationId);
    }
    assert.ok(parseId('upload', ownedId('upload')));
  });
});
