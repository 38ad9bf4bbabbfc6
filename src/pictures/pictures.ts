// Opens pictures that callers sent. Nothing about them is believed: what kind of file it is says its first bytes, how large it
// is its header, and only the pixels are taken over, into a new file. Memory is bounded before anything is decoded.

import sharp, { type Metadata, type OutputInfo, type Sharp } from 'sharp';
import { ApiError } from '../domain/errors.ts';
import { mediaLimits, type PictureType } from '../domain/media.ts';
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

/** Why a file is no picture that can be used: the rule that it breaks, and in words. */
interface Refusal {
  refusedBy: 'picture' | 'megapixels';
  message: string;
}

export interface OpenedFile {
  /** What came. */
  original: { sizeBytes: number; sha256: string };
  picture: Picture | Refusal;
}

export interface Pictures {
  /**
   * Waits for its turn, then loads a file and makes the picture that is stored of it. Throws what `load` throws, and
   * `UNAVAILABLE` when so many wait that its turn would not come soon.
   */
  open: (load: () => Promise<Uint8Array>) => Promise<OpenedFile>;
}

/** Longest that one picture may take, in seconds; the largest one takes a fraction of it. */
const timeoutS = 15;

/** Most memory that decoding one picture may take, in bytes; the files before and after it come to that. */
const workingBytes = 140_000_000;

/** Opens pictures, so many at once and no more, so that memory stays bounded however many are sent. */
export function createPictures({ maxConcurrent = 2, maxWaiting = 32 } = {}): Pictures {
  let running = 0;
  const waiting: (() => void)[] = [];
  return {
    async open(load) {
      if (running >= maxConcurrent) {
        if (waiting.length >= maxWaiting) {
          const headers = { 'Retry-After': '5' };
          throw new ApiError('UNAVAILABLE', 'Too many pictures are being opened; try again shortly.', { headers });
        }
        await new Promise<void>((resolve) => waiting.push(resolve)); // whoever ends hands its place on
      } else running++;
      try {
        const bytes = await load();
        const original = { sizeBytes: bytes.length, sha256: await sha256Of(bytes) };
        return { original, picture: await pictureOf(bytes) };
      } finally {
        const next = waiting.shift();
        if (next === undefined) running--;
        else next();
      }
    },
  };
}

const kinds = {
  png: { mimeType: 'image/png', isStart: (start: Buffer) => start.toString('latin1', 0, 8) === '\x89PNG\r\n\x1a\n' },
  jpeg: { mimeType: 'image/jpeg', isStart: (start: Buffer) => start.toString('latin1', 0, 3) === '\xff\xd8\xff' },
  webp: {
    mimeType: 'image/webp',
    isStart: (start: Buffer) => start.toString('latin1', 0, 4) === 'RIFF' && start.toString('latin1', 8, 12) === 'WEBP',
  },
} as const satisfies Record<string, { mimeType: PictureType; isStart: (start: Buffer) => boolean }>;
type Kind = keyof typeof kinds;

const unreadable: Refusal = {
  refusedBy: 'picture',
  message: 'cannot be opened as a picture: the file is damaged or incomplete',
};

async function pictureOf(bytes: Uint8Array): Promise<Picture | Refusal> {
  // Looked at here, so that no file reaches a decoder for another kind: SVG, PDF and others have surprises of their own.
  const start = Buffer.from(bytes.subarray(0, 16));
  const kind = (Object.keys(kinds) as Kind[]).find((one) => kinds[one].isStart(start));
  if (kind === undefined) return { refusedBy: 'picture', message: 'is no PNG, JPEG or WebP' };
  try {
    const metadata = await sharp(bytes, { limitInputPixels: false, failOn: 'error' }).metadata();
    if (metadata.format !== kind) return unreadable;
    const tooLarge = tooLargeFor(metadata, kind);
    if (tooLarge !== null) return tooLarge;

    const source = sharp(bytes, { limitInputPixels: mediaLimits.pixels, failOn: 'error' });
    const { data, info } = await encode(source.timeout({ seconds: timeoutS }).autoOrient(), kind);
    return {
      bytes: data,
      mimeType: kinds[kind].mimeType,
      width: info.width,
      height: info.height,
      sizeBytes: data.length,
      sha256: await sha256Of(data),
      thumbnail: await thumbnailOf(data),
    };
  } catch {
    return unreadable; // what libvips says of it helps no caller
  }
}

function tooLargeFor({ width, height, ...metadata }: Metadata, kind: Kind): Refusal | null {
  const pixels = width * height;
  const most = Math.min(mediaLimits.pixels, Math.floor(workingBytes / bytesAPixel(metadata, kind)));
  if (pixels <= most) return null;
  const megapixels = String(Math.floor(most / 100_000) / 10);
  const form = most < mediaLimits.pixels ? ' in a file of this form' : '';
  return {
    refusedBy: 'megapixels',
    message: `must have at most ${megapixels} megapixels${form}; it has ${String(width)} × ${String(height)} pixels`,
  };
}

/** What decoding keeps in memory for each pixel; files that are read row by row keep next to nothing. */
function bytesAPixel(metadata: Omit<Metadata, 'width' | 'height'>, kind: Kind): number {
  const { channels, depth, hasAlpha, orientation = 1, isProgressive, chromaSubsampling = '' } = metadata;
  const decoded = channels * (depth === 'uchar' ? 1 : 2);
  const turned = orientation > 1 ? decoded : 0; // it is turned in memory
  switch (kind) {
    case 'png':
      return (isProgressive ? decoded : 0) + turned;
    case 'jpeg': {
      // Coefficients of two bytes: for each pixel and channel, or half of that where colour is stored at a quarter.
      const coefficients = chromaSubsampling === '4:2:0' ? 3 : 2 * channels;
      return (isProgressive ? coefficients : 0) + turned;
    }
    case 'webp':
      return (hasAlpha ? 20 : 11) + turned; // as measured: libwebp holds whole pictures, and more than one of them
  }
}

/** Encodes in the kind that came, with nothing but pixels: colours as sRGB, no EXIF, no XMP, no profile, one frame. */
async function encode(picture: Sharp, kind: Kind): Promise<{ data: Uint8Array; info: OutputInfo }> {
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
