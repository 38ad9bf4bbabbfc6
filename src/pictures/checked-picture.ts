// Looks at a file that somebody else made before its pixels are decoded. Nothing about it is believed: what kind of file it is
// says its first bytes, how large it is its header. Memory is bounded before anything is decoded.

import sharp, { type Metadata, type Sharp } from 'sharp';
import { mediaLimits, type PictureType } from '../domain/media.ts';

/** Why a file is no picture that can be used: the rule that it breaks, and in words. */
export interface Refusal {
  refusedBy: 'picture' | 'megapixels';
  message: string;
}

export interface CheckedPicture {
  kind: PictureKind;
  /** Upright, in pixels. */
  width: number;
  height: number;
  /** Decodes the first frame upright, for a file without metadata. Rejects where the pixels are damaged or incomplete. */
  decode: () => Sharp;
}

/** Longest that one picture may take, in seconds; the largest one takes a fraction of it. */
const timeoutS = 15;

/** Most memory that decoding one picture may take, in bytes; the files before and after it come to that. */
const workingBytes = 140_000_000;

const isStartOf = {
  png: (start: Buffer) => start.toString('latin1', 0, 8) === '\x89PNG\r\n\x1a\n',
  jpeg: (start: Buffer) => start.toString('latin1', 0, 3) === '\xff\xd8\xff',
  webp: (start: Buffer) => start.toString('latin1', 0, 4) === 'RIFF' && start.toString('latin1', 8, 12) === 'WEBP',
};
export type PictureKind = keyof typeof isStartOf;

export const mimeTypes = {
  png: 'image/png',
  jpeg: 'image/jpeg',
  webp: 'image/webp',
} as const satisfies Record<PictureKind, PictureType>;

export const unreadable: Refusal = {
  refusedBy: 'picture',
  message: 'cannot be opened as a picture: the file is damaged or incomplete',
};

/** Checks that a file is a PNG, JPEG or WebP whose pixels fit into memory. */
export async function checkPicture(bytes: Uint8Array): Promise<CheckedPicture | Refusal> {
  // Looked at here, so that no file reaches a decoder for another kind: SVG, PDF and others have surprises of their own.
  const start = Buffer.from(bytes.subarray(0, 16));
  const kind = (Object.keys(isStartOf) as PictureKind[]).find((one) => isStartOf[one](start));
  if (kind === undefined) return { refusedBy: 'picture', message: 'is no PNG, JPEG or WebP' };
  try {
    const metadata = await sharp(bytes, { limitInputPixels: false, failOn: 'error' }).metadata();
    if (metadata.format !== kind) return unreadable;
    return (
      tooLargeFor(metadata, kind) ?? {
        kind,
        ...metadata.autoOrient,
        decode: () =>
          sharp(bytes, { limitInputPixels: mediaLimits.pixels, failOn: 'error' })
            .timeout({ seconds: timeoutS })
            .autoOrient(),
      }
    );
  } catch {
    return unreadable; // what libvips says of it helps no caller
  }
}

function tooLargeFor({ width, height, ...metadata }: Metadata, kind: PictureKind): Refusal | null {
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
function bytesAPixel(metadata: Omit<Metadata, 'width' | 'height'>, kind: PictureKind): number {
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
