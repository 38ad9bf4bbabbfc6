// Opens pictures that callers sent, of which only the pixels are taken over, into a new file; and drawings, which stay as they are.

import type { OutputInfo, Sharp } from 'sharp';
import { ApiError } from '../domain/errors.ts';
import type { PictureType } from '../domain/media.ts';
import { checkDrawing } from './checked-drawing.ts';
import { checkPicture, mimeTypes, unreadable, type PictureKind, type Refusal } from './checked-picture.ts';
import { thumbnailOf } from './thumbnail.ts';

interface Picture {
  /** Upright and without any metadata. */
  bytes: Uint8Array;
  mimeType: PictureType;
  /** In pixels. */
  width: number;
  height: number;
  sizeBytes: number;
  /** Of the bytes, in lower-case hex. */
  sha256: string;
  thumbnail: Uint8Array;
}

export interface OpenedFile {
  /** What came. */
  original: { sizeBytes: number; sha256: string };
  picture: Picture | Refusal;
}

interface OpenedDrawing {
  sizeBytes: number;
  /** Of the bytes, in lower-case hex. */
  sha256: string;
  thumbnail: Uint8Array;
}

export interface Pictures {
  /**
   * Waits for its turn, then loads a file and makes the picture that is stored of it. Throws what `load` throws, and
   * `UNAVAILABLE` when so many wait that its turn would not come soon.
   */
  open: (load: () => Promise<Uint8Array>) => Promise<OpenedFile>;
  /** Waits for its turn, then makes the thumbnail of what a renderer drew. Throws `UNAVAILABLE` as `open` does. */
  openDrawing: (bytes: Uint8Array) => Promise<OpenedDrawing | Refusal>;
}

/** Opens pictures, so many at once and no more, so that memory stays bounded however many are sent. */
export function createPictures({ maxConcurrent = 2, maxWaiting = 32 } = {}): Pictures {
  let running = 0;
  const waiting: (() => void)[] = [];
  const inTurn = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    if (running >= maxConcurrent) {
      if (waiting.length >= maxWaiting) {
        const headers = { 'Retry-After': '5' };
        throw new ApiError('UNAVAILABLE', 'Too many pictures are being opened; try again shortly.', { headers });
      }
      await new Promise<void>((resolve) => waiting.push(resolve)); // whoever ends hands its place on
    } else running++;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) running--;
      else next();
    }
  };
  return {
    open: (load) =>
      inTurn(async () => {
        const bytes = await load();
        const original = { sizeBytes: bytes.length, sha256: await sha256Of(bytes) };
        return { original, picture: await pictureOf(bytes) };
      }),
    openDrawing: (bytes) => inTurn(() => drawingOf(bytes)),
  };
}

async function drawingOf(bytes: Uint8Array): Promise<OpenedDrawing | Refusal> {
  const checked = await checkDrawing(bytes);
  if ('refusedBy' in checked) return checked;
  try {
    return { sizeBytes: checked.sizeBytes, sha256: await sha256Of(bytes), thumbnail: await thumbnailOf(bytes) };
  } catch {
    return unreadable;
  }
}

async function pictureOf(bytes: Uint8Array): Promise<Picture | Refusal> {
  const checked = await checkPicture(bytes);
  if ('refusedBy' in checked) return checked;
  try {
    const { data, info } = await encode(checked.decode(), checked.kind);
    return {
      bytes: data,
      mimeType: mimeTypes[checked.kind],
      width: info.width,
      height: info.height,
      sizeBytes: data.length,
      sha256: await sha256Of(data),
      thumbnail: await thumbnailOf(data),
    };
  } catch {
    return unreadable;
  }
}

/** Encodes in the kind that came, with nothing but pixels: colours as sRGB, no EXIF, no XMP, no profile, one frame. */
async function encode(picture: Sharp, kind: PictureKind): Promise<{ data: Uint8Array; info: OutputInfo }> {
  switch (kind) {
    case 'png':
      return picture.png({ compressionLevel: 4 }).toBuffer({ resolveWithObject: true });
    case 'jpeg':
      // Optimized coding would hold the whole picture in memory.
      return picture
        .jpeg({ quality: 92, chromaSubsampling: '4:4:4', optimiseCoding: false })
        .toBuffer({ resolveWithObject: true });
    case 'webp':
      return picture.webp({ quality: 90, effort: 2 }).toBuffer({ resolveWithObject: true });
  }
}

/** The SHA-256 of bytes in lower-case hex; hashed in another thread, since 20 MB take a while. */
const sha256Of = async (bytes: Uint8Array): Promise<string> =>
  Buffer.from(await crypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>)).toString('hex');
