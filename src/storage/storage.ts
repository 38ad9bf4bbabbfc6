/** Where image bytes are kept. Objects are write-once: a key names its content, so a second write of it changes nothing. */
export interface Storage {
  /** Stores an object; once this resolves it survives a crash. */
  put: (key: string, bytes: Uint8Array) => Promise<void>;
  /** Reads an object; rejects when there is none. */
  get: (key: string) => Promise<Uint8Array>;
  /** Tells whether there is an object. */
  has: (key: string) => Promise<boolean>;
  /** Removes an object; does nothing when there is none. */
  remove: (key: string) => Promise<void>;
  /** Names the objects whose keys begin with this folder (`a/b/`), and what an interrupted writer left there. */
  list: (folder: string) => Promise<string[]>;
}

/** Makes the request by which a caller puts the bytes of an upload into the storage, by itself. */
export interface UploadRequests {
  make: (upload: PromisedUpload, expiresAt: Date) => Promise<UploadRequest>;
}

/** What a caller says of the bytes before they are there. */
export interface PromisedUpload {
  key: string;
  mimeType: string;
  /** Null where the caller did not say. */
  sizeBytes: number | null;
}

interface UploadRequest {
  method: 'PUT';
  url: string;
  headers: Record<string, string>;
}

/** Removes everything below a folder (`a/b/`), but for `kept`. */
export async function removeFolder(storage: Storage, folder: string, kept: readonly string[] = []): Promise<void> {
  for (const key of await storage.list(folder)) if (!kept.includes(key)) await storage.remove(key);
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
