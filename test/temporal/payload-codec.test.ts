import assert from 'node:assert/strict';
import { defaultPayloadConverter, type Payload } from '@temporalio/common';
import { payloadCodec, UndecryptablePayload, type CodecKey } from '../../src/temporal/payload-codec.ts';

const key = (id: string): CodecKey => ({ id, secret: `the secret of ${id}, which is long enough` });

describe('the codec of what Temporal keeps', () => {
  const payloadOf = (value: unknown): Payload => defaultPayloadConverter.toPayload(value);
  const valueOf = (payload: Payload | undefined): unknown =>
    defaultPayloadConverter.fromPayload(payload ?? assert.fail());
  const told = { jobId: 'job_1', shots: ['portrait'] };

  it('gives back what it was given, and shows nothing of it', async () => {
    const codec = payloadCodec([key('1')]);
    const [encoded] = await codec.encode([payloadOf(told)]);
    const { metadata, data } = encoded ?? assert.fail();
    assert.deepEqual(
      Object.entries(metadata ?? {}).map(([name, value]) => [name, Buffer.from(value).toString()]),
      [
        ['encoding', 'binary/encrypted'],
        ['encryption-key-id', '1'],
      ],
    );
    assert.doesNotMatch(Buffer.from(data ?? []).toString('latin1'), /job_1|portrait|json/);
    assert.deepEqual((await codec.decode([encoded ?? assert.fail()])).map(valueOf), [told]);
  });

  it('encrypts the same thing otherwise each time', async () => {
    const [one, other] = await payloadCodec([key('1')]).encode([payloadOf(told), payloadOf(told)]);
    assert.notDeepEqual(one?.data, other?.data);
  });

  it('decrypts with a key that no longer encrypts, and leaves what was never encrypted as it is', async () => {
    const before = await payloadCodec([key('old')]).encode([payloadOf(told)]);
    const rotated = payloadCodec([key('new'), key('old')]);
    const [after] = await rotated.encode([payloadOf('later')]);
    assert.equal(Buffer.from(after?.metadata?.['encryption-key-id'] ?? []).toString(), 'new');
    const decoded = await rotated.decode([...before, after ?? assert.fail(), payloadOf('plain')]);
    assert.deepEqual(decoded.map(valueOf), [told, 'later', 'plain']);
  });

  it('refuses what was encrypted with another key, or changed since', async () => {
    const codec = payloadCodec([key('1')]);
    const [encoded = assert.fail()] = await codec.encode([payloadOf(told)]);
    const changed = Buffer.from(encoded.data ?? []);
    changed.writeUInt8(changed.readUInt8(changed.length - 1) ^ 1, changed.length - 1);
    const renamed = { ...encoded.metadata, 'encryption-key-id': Buffer.from('2') };
    const two = payloadCodec([key('2'), { ...key('1'), id: '1' }]);
    for (const [who, payload] of [
      [payloadCodec([key('2')]), encoded],
      [payloadCodec([{ id: '1', secret: 'another secret under the same id' }]), encoded],
      [codec, { ...encoded, data: changed }],
      [codec, { ...encoded, data: Buffer.from('short') }],
      [two, { ...encoded, metadata: renamed }],
    ] as const) {
      await assert.rejects(who.decode([payload]), UndecryptablePayload);
    }
  });
});
