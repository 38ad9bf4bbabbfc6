import { makeTemporaryFolder, removeTemporaryFolder } from '../support/temporary-folder.ts';
import { plant, plants } from './planted.ts';

describe('a planted bug', () => {
  for (const name of Object.keys(plants)) {
    it(`has its place in the code: ${name}`, async () => {
      const folder = await makeTemporaryFolder();
      await plant(name, folder); // throws where its place has changed
      await removeTemporaryFolder(folder);
    });
  }
});
