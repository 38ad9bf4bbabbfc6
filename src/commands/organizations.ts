import type { Knex } from 'knex';
import { v7 as newId } from 'uuid';
import type { Config } from '../config.ts';
import { eraseOrganization, insertOrganization, organizationExists, setTier } from '../db/organizations.ts';
import { formatId, parseId } from '../domain/ids.ts';
import type { Environment } from '../domain/influencer.ts';
import type { Scope, Tier } from '../domain/scopes.ts';
import { messageOf, StartError } from '../start-error.ts';
import { createApiKey } from '../http/authentication.ts';
import { openStorage } from '../storage/open-storage.ts';
import { removeFolder } from '../storage/storage.ts';
import { withDatabase } from './with-database.ts';

/** `doppel organizations create`: prints the id and the first key, which may do everything. */
export const createOrganization = (config: Config, { name, tier }: { name: string; tier: Tier }): Promise<void> =>
  withDatabase(config, async (database) => {
    const { length } = Array.from(name);
    if (length < 1 || length > 128) throw new StartError('--name must have 1 to 128 characters.');
    const organizationId = newId();
    await insertOrganization(database, { id: organizationId, name, tier });
    const key = await createApiKey(database, {
      organizationId,
      id: newId(),
      name: 'First key',
      environment: 'live',
      scopes: ['*', 'org:admin'],
    });
    console.log(`organization  ${formatId('organization', organizationId)}\nkey           ${key}`);
  });

/** `doppel organizations set-tier`. */
export const changeTier = (
  config: Config,
  { organization, tier }: { organization: string; tier: Tier },
): Promise<void> =>
  withDatabase(config, async (database) => {
    if (!(await setTier(database, organizationIdOf(organization), tier))) throw unknown(organization);
    console.log(`${organization} is ${tier} now.`);
  });

/**
 * `doppel organizations erase`: prints how much went. May be repeated: what broke off goes on, and what was put into the storage
 * since, by a renderer that was just drawing or by a URL that was given out, goes too.
 */
export async function eraseEverythingOf(
  config: Config,
  { organization, isConfirmed }: { organization: string; isConfirmed: boolean },
): Promise<void> {
  const organizationId = organizationIdOf(organization);
  if (!isConfirmed) {
    throw new StartError(`This erases ${organization} with all that it has, for good; say --yes if that is meant.`);
  }
  const { storage, close } = await openStorage(config.storage);
  const erase = async (database: Knex) => {
    const { organizations, ...rows } = await eraseOrganization(database, organizationId);
    for (const [what, count] of Object.entries(rows)) printCount(what, count);
    const objects = await removeFolder(storage, `${organizationId}/`).catch((error: unknown) => {
      const message = `The rows of ${organization} are gone, but not all of its images: ${messageOf(error)}. Run it again.`;
      throw new StartError(message, { cause: error });
    });
    printCount('objects', objects);
    console.log(
      organizations === 0 ? `There is no organization ${organization} any more.` : `${organization} is erased.`,
    );
    if (organizations !== 0 || objects > 0) {
      console.log(
        'What was under way, an upload or a drawing, may still be stored for an hour: run this again after that.',
      );
    }
  };
  await withDatabase(config, erase, { isPatient: true }).finally(close);
}

/** `doppel organizations create-key`: prints the key, which is stored nowhere. */
export const createKey = (
  config: Config,
  options: { organization: string; scopes: Scope[]; env: Environment; name: string },
): Promise<void> =>
  withDatabase(config, async (database) => {
    const organizationId = organizationIdOf(options.organization);
    if (!(await organizationExists(database, organizationId))) throw unknown(options.organization);
    console.log(
      await createApiKey(database, {
        organizationId,
        id: newId(),
        name: options.name,
        environment: options.env,
        scopes: options.scopes,
      }),
    );
  });

const printCount = (what: string, count: number) => {
  console.log(`${what.replaceAll('_', ' ').padEnd(18)} ${String(count)}`);
};

const unknown = (organization: string) => new StartError(`There is no organization ${organization}.`);

function organizationIdOf(text: string): string {
  try {
    return parseId('organization', text);
  } catch {
    throw new StartError(`“${text}” is no organization's id.`);
  }
}
