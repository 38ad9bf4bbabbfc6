// Objects on any server that speaks S3. Bytes of callers never pass through the API: they read and write them there, at
// presigned URLs.

import { addAbortSignal, type Readable } from 'node:stream';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  NoSuchKey,
  NotFound,
  PutObjectCommand,
  S3Client,
  S3ServiceException,
  type S3ClientConfig,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { messageOf, StartError, systemCodeOf } from '../start-error.ts';
import {
  ObjectDamaged,
  ObjectMissing,
  ObjectTooLarge,
  StorageUnavailable,
  type ReadUrls,
  type Storage,
  type UploadRequests,
} from './storage.ts';

export interface S3Settings {
  bucket: string;
  region: string;
  /** Null for AWS's own. */
  endpoint: string | null;
  /** Where callers reach it; null where that is the same. */
  publicEndpoint: string | null;
  /** Whether the bucket's name stands in the path, and not in the host's name. */
  forcePathStyle: boolean;
  /** Others than those that the SDK finds by itself, for tests. */
  credentials?: NonNullable<S3ClientConfig['credentials']>;
  /** How long one call may take, the SDK's repeats included, in ms; 30 s if not given. */
  withinMs?: number;
}

interface S3Storage {
  storage: Storage;
  readUrls: ReadUrls;
  uploadRequests: UploadRequests;
  close: () => void;
}

const pageSize = 1_000;
/** Credentials of a role are renewed five minutes before they end, and a URL ends with what signed it. */
const readUrlS = 300;

/** Opens a bucket that is there and may be used; throws a `StartError` when it is not. */
export async function openS3Storage(settings: S3Settings): Promise<S3Storage> {
  const { bucket: Bucket, endpoint, publicEndpoint, region, forcePathStyle, credentials, withinMs = 30_000 } = settings;
  const call = callsWithin(withinMs);
  const shared: S3ClientConfig = { region, forcePathStyle, requestChecksumCalculation: 'WHEN_REQUIRED' };
  const client = new S3Client({
    ...shared,
    ...(endpoint === null ? {} : { endpoint }),
    ...(credentials === undefined ? {} : { credentials }),
    maxAttempts: 3,
    expectContinueHeader: false, // it would have a connection made for each larger object
    requestHandler: {
      ...{ connectionTimeout: 2_000, requestTimeout: 10_000, throwOnRequestTimeout: true },
      ...{ httpAgent: { maxSockets: 50 }, httpsAgent: { maxSockets: 50 } },
    },
  });
  const callersEndpoint = publicEndpoint ?? endpoint;
  // Signs, and sends nothing.
  const signer = new S3Client({
    ...shared,
    ...(callersEndpoint === null ? {} : { endpoint: callersEndpoint }),
    credentials: client.config.credentials,
    responseChecksumValidation: 'WHEN_REQUIRED',
  });

  const storage: Storage = {
    put: (key, bytes) =>
      call(async (abortSignal) => {
        // In another thread, since 20 MB take a while. The server compares with both what comes and what it stores.
        const sha256 = Buffer.from(await crypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>));
        const command = new PutObjectCommand({
          ...{ Bucket, Key: key, Body: bytes, ContentType: contentTypeOf(key) },
          ChecksumSHA256: sha256.toString('base64'),
        });
        command.middlewareStack.add(
          (next) => (args) => {
            (args.request as { headers: Record<string, string> }).headers['x-amz-content-sha256'] =
              sha256.toString('hex');
            return next(args);
          },
          { step: 'build', name: 'signTheChecksumThatIsKnown' },
        );
        await client.send(command, { abortSignal });
      }),
    get: (key, maxBytes = Infinity) =>
      call(async (abortSignal) => {
        const { Body, ContentLength = 0 } = await client
          .send(new GetObjectCommand({ Bucket, Key: key }), { abortSignal })
          .catch((error: unknown) => {
            throw error instanceof NoSuchKey ? new ObjectMissing('there is no such object', { cause: error }) : error;
          });
        const body = addAbortSignal(abortSignal, Body as Readable);
        if (ContentLength > maxBytes) {
          body.destroy();
          throw new ObjectTooLarge();
        }
        return readWhole(body, maxBytes);
      }),
    sizeOf: (key) =>
      call(async (abortSignal) => {
        try {
          const { ContentLength = 0 } = await client.send(new HeadObjectCommand({ Bucket, Key: key }), { abortSignal });
          return ContentLength;
        } catch (error) {
          if (!(error instanceof NotFound)) throw error;
        }
        // Such an answer has no body that could tell a lost object from a lost bucket.
        await client.send(new HeadBucketCommand({ Bucket }), { abortSignal });
        return null;
      }),
    remove: (key) =>
      call(async (abortSignal) => {
        await client.send(new DeleteObjectCommand({ Bucket, Key: key }), { abortSignal });
      }),
    async *list(folder) {
      let ContinuationToken: string | undefined;
      do {
        const page = new ListObjectsV2Command({ Bucket, Prefix: folder, MaxKeys: pageSize, ContinuationToken });
        const { Contents = [], NextContinuationToken } = await call((abortSignal) =>
          client.send(page, { abortSignal }),
        );
        if (Contents.length > 0) {
          yield Contents.map(({ Key = '', Size = 0, LastModified = new Date() }) => ({
            ...{ key: Key, sizeBytes: Size, writtenAt: LastModified },
          }));
        }
        ContinuationToken = NextContinuationToken;
      } while (ContinuationToken !== undefined);
    },
  };

  const readUrls: ReadUrls = {
    async make({ key, method }, { now, expiresAt }) {
      // The same for a minute, so that a browser that is redirected again finds the picture that it has.
      const signedS = secondOf(now) - (secondOf(now) % 60);
      const expiresIn = Math.min(readUrlS, secondOf(expiresAt) - signedS);
      const object = { Bucket, Key: key, ResponseCacheControl: `private, max-age=${String(expiresIn)}, immutable` };
      const command = method === 'HEAD' ? new HeadObjectCommand(object) : new GetObjectCommand(object);
      const url = await call(() =>
        getSignedUrl(signer, command, { expiresIn, signingDate: new Date(signedS * 1_000) }),
      );
      return { url, expiresAt: new Date((signedS + expiresIn) * 1_000) };
    },
  };

  const uploadRequests: UploadRequests = {
    make: ({ key, mimeType, sizeBytes, sha256 }, { now, expiresAt }) =>
      call(async () => {
        const { expiration } = await signer.config.credentials();
        // A URL ends with what signed it, whatever it says of itself.
        const ends = expiration === undefined || expiration > expiresAt ? expiresAt : expiration;
        const checksum = sha256 === null ? null : Buffer.from(sha256, 'hex').toString('base64');
        const command = new PutObjectCommand({
          ...{ Bucket, Key: key, ContentType: mimeType },
          ...(sizeBytes === null ? {} : { ContentLength: sizeBytes }),
          ...(checksum === null ? {} : { ChecksumSHA256: checksum }),
        });
        const url = await getSignedUrl(signer, command, {
          ...{ expiresIn: secondOf(ends) - secondOf(now), signingDate: now },
          signableHeaders: new Set(['content-type', 'content-length']),
          // As a header, which the server holds against the bytes.
          unhoistableHeaders: new Set(['x-amz-checksum-sha256']),
        });
        // Not the length: every client says it by itself, and some refuse to be told.
        const headers = {
          'Content-Type': mimeType,
          ...(checksum === null ? {} : { 'x-amz-checksum-sha256': checksum }),
        };
        return { method: 'PUT', url, headers, expiresAt: ends };
      }),
    // The SDK keeps them until they end.
    prepare: () =>
      call(async () => {
        await signer.config.credentials();
      }),
  };

  const close = () => {
    client.destroy();
    signer.destroy();
  };
  try {
    await client.send(new ListObjectsV2Command({ Bucket, MaxKeys: 1 }), { abortSignal: AbortSignal.timeout(withinMs) });
  } catch (error) {
    close();
    throw new StartError(`The storage cannot be used: ${faultOf(error, settings)}.`, { cause: error });
  }
  return { storage, readUrls, uploadRequests, close };
}

const secondOf = (time: Date): number => Math.floor(time.getTime() / 1_000);

/** As the file's name says; bytes of an upload have none, and are handed out to nobody. */
const contentTypeOf = (key: string): string => {
  const extension = /\.(webp|png|jpeg)$/.exec(key)?.[1];
  return extension === undefined ? 'application/octet-stream' : `image/${extension}`;
};

/** Reads a stream to its end; ends it where more comes than the head said. */
async function readWhole(body: Readable, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of body as AsyncIterable<Uint8Array>) {
      size += chunk.length;
      if (size > maxBytes) throw new ObjectTooLarge();
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof ObjectTooLarge) throw error;
    // What breaks off has a code of Node's; the SDK's comparison with the stored checksum is the one thing that has none.
    throw systemCodeOf(error) === undefined
      ? new ObjectDamaged('an object has other bytes than were stored', { cause: error })
      : new StorageUnavailable('an object could not be read to its end', { cause: error });
  }
  return Buffer.concat(chunks);
}

/** Calls the server, within so many ms, and tells what may work later from what will not. */
const callsWithin =
  (ms: number) =>
  async <Result>(ask: (abortSignal: AbortSignal) => Promise<Result>): Promise<Result> => {
    try {
      return await ask(AbortSignal.timeout(ms));
    } catch (error) {
      throw mayWorkLater(error) ? new StorageUnavailable('the S3 server cannot do this now', { cause: error }) : error;
    }
  };

/** Refusals that pass, or that an operator mends, whatever their status is. The last one is a `HEAD` of a bucket that is gone. */
const passing = new Set(['RequestTimeout', 'ThrottlingException', 'OperationAborted', 'NoSuchBucket', 'NotFound']);

function mayWorkLater(error: unknown): boolean {
  const status = statusOf(error);
  if (error instanceof S3ServiceException) {
    return status === undefined || status >= 500 || [408, 429].includes(status) || passing.has(error.name);
  }
  // No answer, or none of an S3 server: no connection, none in time, no credentials to ask with, a proxy's page.
  return (
    status !== undefined ||
    systemCodeOf(error) !== undefined ||
    (error instanceof Error && ['TimeoutError', 'AbortError', 'CredentialsProviderError'].includes(error.name))
  );
}

/** With which status a server answered: the SDK notes it also where it could not read the answer. */
function statusOf(error: unknown): number | undefined {
  if (!(error instanceof Error && '$metadata' in error)) return undefined;
  return (error.$metadata as Partial<S3ServiceException['$metadata']> | undefined)?.httpStatusCode;
}

/** What an operator has to change. */
function faultOf(error: unknown, { bucket, endpoint }: S3Settings): string {
  const where = endpoint ?? 'AWS';
  const status = statusOf(error);
  if (status !== undefined && !(error instanceof S3ServiceException)) {
    return `${where} answers ${String(status)}, and not as an S3 server does (S3_ENDPOINT)`;
  }
  if (error instanceof S3ServiceException && status !== undefined) {
    if (error.name === 'NoSuchBucket') return `there is no bucket ${bucket} at ${where} (S3_BUCKET)`;
    if (error.name === 'PermanentRedirect') return `the bucket ${bucket} is in another region (AWS_REGION)`;
    return `${where} answers ${error.name} for the bucket ${bucket}; are the credentials right, and may they list it`;
  }
  if (error instanceof Error && error.name === 'CredentialsProviderError') {
    return 'there are no credentials; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give the machine a role';
  }
  return `${where} does not answer (${messageOf(error)})`;
}
