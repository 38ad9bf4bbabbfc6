import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

export type TemporalVersion = { readonly cli: string; readonly server: string };

/** Reads what `temporal --version` says; `undefined` where there is no such program or it does not run. */
export async function readTemporalVersion(
  path: string,
  env: Readonly<NodeJS.ProcessEnv>,
): Promise<TemporalVersion | undefined> {
  const { stdout } = await promisify(execFile)(path, ['--version'], { env, timeout: 20_000 }).catch(() => ({
    stdout: '',
  }));
  const [, cli, server] = /^temporal version (\S+) \(Server (\d+\.\d+\.\d+)/.exec(stdout) ?? [];
  return cli === undefined || server === undefined ? undefined : { cli, server };
}
