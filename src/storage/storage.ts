/** Where image bytes are kept. Objects are write-once: a key names its content, so a second write of it changes nothing. */
export interface Storage {
  /** Stores an object; once this resolves it survives a crash, and counts as written now, also one that was there. */
  put: (key: string, bytes: Uint8Array) => Promise<void>;
  /**
   * Reads an object; rejects with `ObjectMissing` when there is none, with `ObjectTooLarge` when it has more than `maxBytes`, and
   * with `ObjectDamaged` where the storage knows that its bytes have changed.
   */
  get: (key: string, maxBytes?: number) => Promise<Uint8Array>;
  /** How many bytes an object has; null when there is none. */
  sizeOf: (key: string) => Promise<number | null>;
  /** Removes an object; does nothing when there is none. */
  remove: (key: string) => Promise<void>;
  /**
   * Lists the objects whose keys begin with this folder (`a/b/`; all of them where it is empty), and what an interrupted writer
   * left there, in pages of at most 1,000.
   */
  list: (folder: string) => AsyncIterable<StoredObject[]>;
}

export interface StoredObject {
  key: string;
  sizeBytes: number;
  /** When it was last written. */
  writtenAt: Date;
}

/** Thrown for an object that is not there. */
export class ObjectMissing extends Error {}

/** Thrown for an object that is larger than its reader takes. */
export class ObjectTooLarge extends Error {}

/** Thrown for an object whose bytes are not those that were stored. */
export class ObjectDamaged extends Error {}

/** Thrown by a storage that cannot do it now: the same may work later. */
export class StorageUnavailable extends Error {}

interface Validity {
  now: Date;
  expiresAt: Date;
}

/** Makes the URL at which the storage itself hands an object out, for minutes, and not past `expiresAt`. */
export interface ReadUrls {
  make: (
    read: { key: string; method: 'GET' | 'HEAD' },
    validity: Validity,
  ) => Promise<{ url: string; expiresAt: Date }>;
}

/** Makes the request by which a caller puts the bytes of an upload into the storage, by itself. */
export interface UploadRequests {
  make: (upload: ExpectedUpload, validity: Validity) => Promise<UploadRequest>;
  /** Gets what `make` signs with, so that it waits for nobody afterwards. */
  prepare: () => Promise<void>;
}

/** What a caller says of the bytes before they are there. */
export interface PromisedUpload {
  key: string;
  mimeType: string;
  /** Null where the caller did not say. */
  sizeBytes: number | null;
}

interface ExpectedUpload extends PromisedUpload {
  /** In lower-case hex; null where the caller did not say. */
  sha256: string | null;
}

interface UploadRequest {
  method: 'PUT';
  url: string;
  /** What has to be sent with the bytes, beside their length. */
  headers: Record<string, string>;
  /** Not past what was asked for. */
  expiresAt: Date;
}

/** Removes everything below a folder (`a/b/`), but for `kept`; gives how many objects. */
export async function removeFolder(storage: Storage, folder: string, kept: readonly string[] = []): Promise<number> {
  let removed = 0;
  for await (const objects of storage.list(folder)) {
    for (const { key } of objects) {
      if (kept.includes(key)) continue;
      await storage.remove(key);
      removed++;
    }
  }
  return removed;
}

interface OwnedUpload {
  organizationId: string;
  uploadId: string;
}

/** The folder of what a caller put: nothing below it is ever shown to anybody. */
export const uploadFolder = ({ organizationId, uploadId }: OwnedUpload): string =>
  `${organizationId}/uploads/${uploadId}/`;

export const uploadKey = (upload: OwnedUpload): string => `${uploadFolder(upload)}bytes`;

/** The folder of the picture that was made of what `id`, an upload or an asset, stands for: no URL of an upload reaches it. */
export const pictureFolder = ({ organizationId, id }: { organizationId: string; id: string }): string =>
  `${organizationId}/pictures/${id}/`;

/** Names a picture that a caller sent, as it is stored. */
export const pictureKey = (picture: { organizationId: string; id: string; sha256: string; mimeType: string }): string =>
  `${pictureFolder(picture)}${picture.sha256}.${picture.mimeType.replace('image/', '')}`;

/** The folder of all that was drawn for a job. */
export const drawingFolder = ({ organizationId, jobId }: { organizationId: string; jobId: string }): string =>
  `${organizationId}/${jobId}/`;

/** The folder of what was drawn for one attempt of a job. */
export const attemptFolder = (attempt: { organizationId: string; jobId: string; attempt: number }): string =>
  `${drawingFolder(attempt)}${String(attempt.attempt)}/`;

/** Names a drawing: whoever draws the same bytes for the same shot writes the same object. */
export const drawingKey = (drawing: {
  organizationId: string;
  jobId: string;
  attempt: number;
  shot: string;
  sha256: string;
}): string => `${attemptFolder(drawing)}${drawing.shot}/${drawing.sha256}.webp`;

/** Names the thumbnail of the picture with this key. */
export const thumbnailKeyOf = (key: string): string => key.replace(/\.\w+$/, '.thumbnail.webp');

const uuid = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';
const ownKey = new RegExp(`^(${uuid})/(?:(?:uploads|pictures)/(${uuid})|(${uuid})/([1-9][0-9]{0,8}))/.`);

interface ObjectOwner {
  organizationId: string;
  /** A job's where there is an attempt; else an upload's, or what a picture's folder is called. */
  id: string;
  attempt: number | null;
}

/** Tells whose object it is, from its key; null for a key that is none of this service's. */
export function ownerOf(key: string): ObjectOwner | null {
  const [, organizationId, uploadId, jobId, attempt] = ownKey.exec(key) ?? [];
  const id = uploadId ?? jobId;
  if (organizationId === undefined || id === undefined) return null;
  return { organizationId, id, attempt: attempt === undefined ? null : Number(attempt) };
}
