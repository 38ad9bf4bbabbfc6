/** Where image bytes are kept. Objects are write-once: a key names its content, so a second write of it changes nothing. */
export interface Storage {
  /** Stores an object; once this resolves it survives a crash. */
  put: (key: string, bytes: Uint8Array) => Promise<void>;
  /** Reads an object; rejects when there is none. */
  get: (key: string) => Promise<Uint8Array>;
}

/** Names a drawing: whoever draws the same bytes for the same shot writes the same object. */
export const drawingKey = (drawing: {
  organizationId: string;
  jobId: string;
  attempt: number;
  shot: string;
  sha256: string;
}): string =>
  [drawing.organizationId, drawing.jobId, String(drawing.attempt), drawing.shot, `${drawing.sha256}.webp`].join('/');

/** Names the thumbnail of the picture with this key. */
export const thumbnailKeyOf = (key: string): string => key.replace(/\.webp$/, '.thumbnail.webp');
