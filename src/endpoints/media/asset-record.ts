import type { AssetRow } from '../../db/assets.ts';
import type { PictureType } from '../../domain/media.ts';
import { formatId } from '../../domain/ids.ts';
import type { Asset } from '../../schemas/media.ts';
import type { SignedUrls } from '../../storage/signed-urls.ts';

/** An asset as callers see it, with URLs that open for the next hour at least. */
export const assetRecord = (row: AssetRow, { urls, now }: { urls: SignedUrls; now: Date }): Asset => ({
  assetId: formatId('asset', row.id),
  projectId: formatId('project', row.projectId),
  kind: row.kind,
  mimeType: row.mimeType as PictureType,
  width: row.width,
  height: row.height,
  sizeBytes: row.sizeBytes,
  checksumSha256: row.sha256,
  url: urls.urlOf(row.storageKey, now),
  thumbnailUrl: urls.urlOf(row.thumbnailKey, now),
  createdAt: row.createdAt.toISOString(),
});
