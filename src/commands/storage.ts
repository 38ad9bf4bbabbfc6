import { createHash } from 'node:crypto';
import type { Knex } from 'knex';
import type { Config } from '../config.ts';
import { isAssetThere, listStoredAssets, type StoredAsset } from '../db/stored-assets.ts';
import { graceBegan, sortObjects } from '../db/stored-objects.ts';
import { formatId } from '../domain/ids.ts';
import { concurrently } from '../storage/concurrently.ts';
import { openStorage } from '../storage/open-storage.ts';
import { ObjectDamaged, StorageUnavailable, type Storage, type StoredObject } from '../storage/storage.ts';
import { messageOf, StartError } from '../start-error.ts';
import { withDatabase } from './with-database.ts';

const [assetsAtOnce, assetsPerPage, toldAtMost] = [8, 500, 100];

interface VerifyOptions {
  /** Whether pictures are read, and their bytes compared with what is stored of them. */
  checksums: boolean;
}

/**
 * `doppel storage verify`: names each image that is missing or damaged, and counts the objects that no row names. Exits with 1 where
 * there is such an image, or the storage cannot tell; objects alone are no fault. Changes nothing, and may run beside everything.
 */
export async function verifyStorage(config: Config, options: VerifyOptions): Promise<void> {
  const { storage, close } = await openStorage(config.storage);
  const verify = async (database: Knex) => {
    const parts = await countObjects(database, storage);
    const { assets, faults } = await lookAtAssets(database, storage, options);
    console.log(`${'assets'.padEnd(17)} ${String(assets)}\n${'faults'.padEnd(17)} ${String(faults)}`);
    for (const [name, { count, bytes }] of Object.entries(parts)) {
      console.log(`${name.padEnd(17)} ${String(count).padEnd(9)} ${(bytes / 1_000_000).toFixed(1)} MB`);
    }
    if (parts['named by no row'].count > 0) {
      console.log('What no row names is removed by the storage collector once it is 24 hours old.');
    }
    if (parts.foreign.count > 0) {
      console.log('What is foreign is not of this service, or of no organization that the database knows; it stays.');
    }
    console.log(faults === 0 ? 'Every image is there.' : 'Not every image is there as it should be.');
    if (faults > 0) process.exitCode = 1;
  };
  await withDatabase(config, verify, { isPatient: true })
    .catch((error: unknown) => {
      if (!(error instanceof StorageUnavailable)) throw error;
      throw new StartError(`Not compared to the end: ${error.message}. Run it again later.`, { cause: error });
    })
    .finally(close);
}

/** Some of the objects, by what is printed of them. */
type Parts = Record<'objects' | 'named by no row' | '  for 24 hours' | 'foreign', { count: number; bytes: number }>;

async function countObjects(database: Knex, storage: Storage): Promise<Parts> {
  const none = { count: 0, bytes: 0 };
  const parts: Parts = { objects: none, 'named by no row': none, '  for 24 hours': none, foreign: none };
  const add = (name: keyof Parts, objects: readonly StoredObject[]) => {
    const { count, bytes } = parts[name];
    const more = objects.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    parts[name] = { count: count + objects.length, bytes: bytes + more };
  };
  const before = await graceBegan(database);
  for await (const objects of storage.list('')) {
    const { unnamed, foreign } = await sortObjects(database, objects);
    add('objects', objects);
    add('named by no row', unnamed);
    add(
      '  for 24 hours',
      unnamed.filter(({ writtenAt }) => writtenAt < before),
    );
    add('foreign', foreign);
  }
  return parts;
}

/** Looks at the objects of each asset, prints what is wrong with the first ones, and tells how many of both there are. */
async function lookAtAssets(
  database: Knex,
  storage: Storage,
  options: VerifyOptions,
): Promise<{ assets: number; faults: number }> {
  let [assets, faults] = [0, 0];
  let after: StoredAsset | null = null;
  do {
    const page: StoredAsset[] = await listStoredAssets(database, after, assetsPerPage);
    const found: { asset: StoredAsset; wrong: string[] }[] = [];
    await concurrently(page, assetsAtOnce, async (asset) => {
      const wrong = await faultsOf(storage, asset, options);
      if (wrong.length > 0) found.push({ asset, wrong });
    });
    for (const { asset, wrong } of found) {
      if (!(await isAssetThere(database, asset))) continue; // removed meanwhile
      for (const fault of wrong) {
        if (++faults <= toldAtMost) console.log(`${formatId('asset', asset.id)}  ${fault}`);
      }
    }
    assets += page.length;
    after = page.length === assetsPerPage ? (page.at(-1) ?? null) : null;
  } while (after !== null);
  if (faults > toldAtMost) console.log(`… and ${String(faults - toldAtMost)} more`);
  return { assets, faults };
}

const otherBytes = 'has other bytes than its checksum says';

/** What is wrong with an asset's objects, in words behind each one's key. Throws `StorageUnavailable`: that says nothing of them. */
async function faultsOf(storage: Storage, asset: StoredAsset, { checksums }: VerifyOptions): Promise<string[]> {
  const { storageKey, thumbnailKey, sizeBytes, sha256 } = asset;
  const pictureFault = async () => {
    const size = await storage.sizeOf(storageKey);
    if (size === null) return 'is missing';
    if (size !== sizeBytes) return `has ${String(size)} bytes instead of ${String(sizeBytes)}`;
    if (!checksums) return null;
    const bytes = await storage.get(storageKey, sizeBytes);
    return createHash('sha256').update(bytes).digest('hex') === sha256 ? null : otherBytes;
  };
  const thumbnailFault = async () => {
    const size = await storage.sizeOf(thumbnailKey);
    return size === null ? 'is missing' : size === 0 ? 'is empty' : null;
  };
  const cannotBeRead = (error: unknown) => {
    if (error instanceof StorageUnavailable) throw error;
    return error instanceof ObjectDamaged ? otherBytes : `cannot be read: ${messageOf(error)}`;
  };
  const faults = [
    { key: storageKey, fault: await pictureFault().catch(cannotBeRead) },
    { key: thumbnailKey, fault: await thumbnailFault().catch(cannotBeRead) },
  ];
  return faults.flatMap(({ key, fault }) => (fault === null ? [] : [`${key} ${fault}`]));
}
