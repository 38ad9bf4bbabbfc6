// Which API is called, and with which key: as the environment says, else as `doppel login` has kept it, else that of the
// `npm start` whose data folder is here.

import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { systemCodeOf } from '../start-error.ts';
import { UsageError } from './usage-error.ts';

export interface Account {
  baseUrl: string;
  apiKey: string;
}

export type Environment = Record<string, string | undefined>;

/** The [XDG base directory](https://specifications.freedesktop.org/basedir-spec/latest) for what a user has set. */
const accountFileOf = (environment: Environment): string =>
  path.join(environment['XDG_CONFIG_HOME'] ?? path.join(homedir(), '.config'), 'doppel', 'account.json');

/** Throws a `UsageError` where nothing says which. `started` gives the account of an `npm start`, if there is one. */
export async function findAccount(
  environment: Environment,
  started: () => Promise<Account | undefined>,
): Promise<Account> {
  const kept = (await readAccount(environment)) ?? (await started());
  const baseUrl = environment['DOPPEL_URL'] ?? kept?.baseUrl;
  const apiKey = environment['DOPPEL_API_KEY'] ?? kept?.apiKey;
  if (baseUrl === undefined || apiKey === undefined) {
    throw new UsageError(
      'Nothing says which API to call: run `doppel login`, or set DOPPEL_URL and DOPPEL_API_KEY, or run `npm start` here.',
    );
  }
  return { baseUrl, apiKey };
}

/** Keeps an account for the commands to come, readable by its user alone; gives the file. */
export async function keepAccount(environment: Environment, account: Account): Promise<string> {
  const file = accountFileOf(environment);
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  await writeFile(file, `${JSON.stringify(account, null, 2)}\n`, { mode: 0o600 });
  await chmod(file, 0o600); // one that was there has the mode that it had
  return file;
}

export async function forgetAccount(environment: Environment): Promise<void> {
  await rm(accountFileOf(environment), { force: true });
}

async function readAccount(environment: Environment): Promise<Account | undefined> {
  const file = accountFileOf(environment);
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    if (systemCodeOf(error) === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as Account;
  } catch {
    throw new UsageError(`${file} is no JSON: run \`doppel login\` again.`);
  }
}
