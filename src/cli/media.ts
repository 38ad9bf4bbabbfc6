import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Command } from 'commander';
import type { Asset } from '../client/index.ts';
import type { PictureType } from '../domain/media.ts';
import { messageOf } from '../start-error.ts';
import { exitCodes } from './exit-codes.ts';
import { projectOf, withProject } from './options.ts';
import { inSession, reading, type Session, type Shell } from './session.ts';
import { table } from './table.ts';
import { UsageError } from './usage-error.ts';

const typeByEnding: Record<string, PictureType> = {
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.webp': 'image/webp',
};

/** Stores photos of people in a project, one after the other. */
export async function uploadPhotos(
  { doppel, say }: Session,
  projectId: string,
  files: readonly string[],
): Promise<Asset[]> {
  const assets: Asset[] = [];
  for (const file of files) {
    const mimeType = typeByEnding[path.extname(file).toLowerCase()];
    if (mimeType === undefined) throw new UsageError(`${file} is none of ${Object.keys(typeByEnding).join(', ')}.`);
    const bytes = await readFile(file).catch((error: unknown) => {
      throw new UsageError(`${file} cannot be read: ${messageOf(error)}`);
    });
    const filename = path.basename(file);
    assets.push(await doppel.media.upload(projectId, bytes, { kind: 'reference_image', mimeType, filename }));
    say(`${file} is stored (${String(assets.length)} of ${String(files.length)})`);
  }
  return assets;
}

export function addMediaCommands(program: Command, shell: Shell): void {
  withProject(reading(program.command('media').description('photos, through the API').command('upload')))
    .description('store photos in a project')
    .argument('<files...>', 'PNG, JPEG or WebP, of at most 20 MB each')
    .action(
      inSession(shell, async (session, files: string[], { project }: { project?: string }) => {
        const assets = await uploadPhotos(session, await projectOf(session, project), files);
        const rows = assets.map(({ assetId, width, height, url }) => [
          assetId,
          `${String(width)} × ${String(height)}`,
          url,
        ]);
        session.answer(assets, table(['ASSET', 'PIXELS', 'URL'], rows));
        return exitCodes.done;
      }),
    );
}
