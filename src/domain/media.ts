// What callers may upload, and how large. Schemas, the upload route and the check of pictures take it from here.

export const assetKinds = ['image', 'reference_image'] as const;
export type AssetKind = (typeof assetKinds)[number];

export const pictureTypes = ['image/png', 'image/jpeg', 'image/webp'] as const;
export type PictureType = (typeof pictureTypes)[number];

export const mediaLimits = {
  /** Of an uploaded file. */
  uploadBytes: 20 * 1024 * 1024,
  /** Of a file that comes in the request, decoded. */
  inlineBytes: 256 * 1024,
  pixels: 40_000_000,
  filename: 255,
} as const;

/** How long the URL of an upload takes bytes. */
export const uploadUrlMinutes = 60;
