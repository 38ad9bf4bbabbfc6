import { access, constants } from 'node:fs/promises';
import { delimiter, isAbsolute, join } from 'node:path';

/** The programs of this name in the folders of `PATH`, in its order. */
export async function findAllOnPath(program: string, env: Readonly<NodeJS.ProcessEnv>): Promise<string[]> {
  const folders = (env['PATH'] ?? '').split(delimiter).filter(isAbsolute);
  const found = await Promise.all(
    folders.map(async (folder) => {
      const path = join(folder, program);
      return access(path, constants.X_OK).then(
        () => [path],
        () => [],
      );
    }),
  );
  return found.flat();
}

/** The program that a shell would run. */
export const findOnPath = async (program: string, env: Readonly<NodeJS.ProcessEnv>): Promise<string | undefined> =>
  (await findAllOnPath(program, env))[0];
