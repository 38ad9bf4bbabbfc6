import { imageSize } from '../domain/shots.ts';
import { checkPicture, mimeTypes, type Refusal } from './checked-picture.ts';

interface CheckedDrawing {
  mimeType: 'image/webp';
  /** In pixels. */
  width: number;
  height: number;
  sizeBytes: number;
}

/** Checks that what a renderer drew is a WebP of the size that every reference image has; its pixels are not decoded for it. */
export async function checkDrawing(bytes: Uint8Array): Promise<CheckedDrawing | Refusal> {
  const checked = await checkPicture(bytes);
  if ('refusedBy' in checked) return checked;
  const { kind, width, height } = checked;
  if (kind !== 'webp' || width !== imageSize || height !== imageSize) {
    const wanted = `a WebP of ${String(imageSize)} × ${String(imageSize)}`;
    return {
      refusedBy: 'picture',
      message: `is a ${kind.toUpperCase()} of ${String(width)} × ${String(height)}, and not ${wanted}`,
    };
  }
  return { mimeType: mimeTypes.webp, width, height, sizeBytes: bytes.length };
}
