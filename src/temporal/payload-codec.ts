// What Temporal keeps of a job is ids, and what failed. With keys, it keeps that encrypted: AES-256-GCM, under a key of its own for each
// secret, by whose id it is found again, so that secrets can be rotated while workflows run.

import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DataConverter, Payload, PayloadCodec } from '@temporalio/common';
import proto from '@temporalio/proto';

/** The first encrypts, all decrypt. */
export interface CodecKey {
  id: string;
  /** At least 32 characters, by chance. */
  secret: string;
}

/** A payload that cannot be decrypted: its key is not among ours, or it is not as it was made. */
export class UndecryptablePayload extends Error {}

const cipher = 'aes-256-gcm';
const encoding = 'binary/encrypted';
const [ivBytes, tagBytes] = [12, 16];
const [encodingField, keyField] = ['encoding', 'encryption-key-id'];

const { Payload: PayloadMessage } = proto.temporal.api.common.v1;

/** Encrypts payloads, with what says how they are encoded; one that is not encrypted, from before there were keys, stays as it is. */
export function payloadCodec(keys: readonly [CodecKey, ...CodecKey[]]): PayloadCodec {
  const byId = new Map(
    keys.map(({ id, secret }) => [id, Buffer.from(hkdfSync('sha256', secret, '', 'doppel payload codec', 32))]),
  );
  const [{ id: current }] = keys;
  const keyOf = (id: string): Buffer => {
    const key = byId.get(id);
    if (key === undefined) throw new UndecryptablePayload(`there is no key ${id} in CODEC_KEYS`);
    return key;
  };

  const encrypt = (payload: Payload): Payload => {
    const iv = randomBytes(ivBytes);
    const sealing = createCipheriv(cipher, keyOf(current), iv).setAAD(Buffer.from(current));
    const sealed = [sealing.update(PayloadMessage.encode(payload).finish()), sealing.final()];
    return {
      metadata: { [encodingField]: Buffer.from(encoding), [keyField]: Buffer.from(current) },
      data: Buffer.concat([iv, sealing.getAuthTag(), ...sealed]),
    };
  };
  const decrypt = (payload: Payload): Payload => {
    const textOf = (field: string) => Buffer.from(payload.metadata?.[field] ?? []).toString();
    if (textOf(encodingField) !== encoding) return payload;
    const [id, data] = [textOf(keyField), Buffer.from(payload.data ?? [])];
    const key = keyOf(id);
    try {
      const opening = createDecipheriv(cipher, key, data.subarray(0, ivBytes), { authTagLength: tagBytes })
        .setAAD(Buffer.from(id))
        .setAuthTag(data.subarray(ivBytes, ivBytes + tagBytes));
      const opened = Buffer.concat([opening.update(data.subarray(ivBytes + tagBytes)), opening.final()]);
      return PayloadMessage.decode(opened);
    } catch (error) {
      throw new UndecryptablePayload('a payload is not as it was encrypted', { cause: error });
    }
  };
  return {
    encode: (payloads) => Promise.resolve(payloads.map(encrypt)),
    decode: (payloads) => Promise.resolve(payloads).then((all) => all.map(decrypt)), // rejects where one is refused
  };
}

// `.ts` or `.js`: the same line works from src and from dist.
const ownEnding = path.extname(import.meta.url);

/** How clients and workers write what Temporal keeps. */
export const dataConverterOf = (keys: readonly [CodecKey, ...CodecKey[]]): DataConverter => ({
  payloadCodecs: [payloadCodec(keys)],
  failureConverterPath: fileURLToPath(new URL(`./encoded-failures${ownEnding}`, import.meta.url)),
});
