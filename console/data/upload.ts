// Sends a photo: asks for a place, puts the bytes there, has them checked. By XMLHttpRequest, since `fetch` does not tell how far it is.

import type { Asset, DoppelClient, PresignUpload } from '../../src/client/index.ts';
import { mediaLimits, pictureTypes } from '../../src/domain/media.ts';

/** What is wrong with a file before a byte of it is sent; null where nothing is. */
export function faultOf(file: File): string | null {
  if (!(pictureTypes as readonly string[]).includes(file.type)) return 'Not a PNG, JPEG or WebP picture.';
  if (file.size > mediaLimits.uploadBytes) return 'Larger than 20 MB.';
  return file.size === 0 ? 'An empty file.' : null;
}

interface Options {
  signal: AbortSignal;
  /** Called with how much has been sent, from 0 to 1. */
  onProgress: (share: number) => void;
}

export async function uploadPhoto(
  doppel: DoppelClient,
  projectId: string,
  file: File,
  { signal, onProgress }: Options,
): Promise<Asset> {
  const { uploadId, url, headers } = await doppel.media.presign(
    projectId,
    {
      kind: 'reference_image',
      mimeType: file.type as PresignUpload['mimeType'],
      filename: file.name.slice(0, mediaLimits.filename),
      sizeBytes: file.size,
    },
    { signal },
  );
  await put(url, headers, file, { signal, onProgress });
  return doppel.media.finalize(projectId, { uploadId }, { signal });
}

const put = (
  url: string,
  headers: Record<string, string>,
  file: File,
  { signal, onProgress }: Options,
): Promise<void> =>
  new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('PUT', url);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.onprogress = ({ loaded, total }) => {
      onProgress(loaded / total);
    };
    request.onload = () => {
      if (request.status >= 200 && request.status < 300) resolve();
      else reject(new Error(`The storage did not take it (status ${String(request.status)}).`));
    };
    request.onerror = () => {
      reject(new Error('It could not be sent.'));
    };
    request.onabort = () => {
      reject(new DOMException('The upload was canceled.', 'AbortError'));
    };
    signal.addEventListener('abort', () => {
      request.abort();
    });
    request.send(file);
  });
