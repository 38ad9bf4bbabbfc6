import assert from 'node:assert/strict';
import path from 'node:path';
import { findPython } from '../../src/studio/find-python.ts';
import { makePath, writeProgram } from '../support/programs.ts';
import { makeTemporaryFolder, removeTemporaryFolder } from '../support/temporary-folder.ts';

describe('findPython', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await makeTemporaryFolder();
    await Promise.all(['first', 'second'].map((name) => makePath(path.join(folder, name))));
  });
  afterEach(() => removeTemporaryFolder(folder));

  const put = (program: string, text: string) => writeProgram(path.join(folder, program), text);
  const find = () => findPython({ PATH: ['first', 'second'].map((name) => path.join(folder, name)).join(':') });

  it('takes a Python of the right version, whatever it is called', async () => {
    for (const name of ['python', 'python3', 'python3.11']) {
      await put(`second/${name}`, 'echo 3.11');
      const { command, argumentsFor } = await find();
      assert.equal(command, path.join(folder, 'second', name));
      assert.deepEqual(argumentsFor('there'), ['-m', 'venv', 'there']);
    }
  });

  it('leaves out others, and one that makes no environments', async () => {
    await put('first/python3.11', 'echo "No module named ensurepip" >&2; exit 1');
    await put('first/python3', 'echo 3.12');
    await put('second/python3', 'echo 3.11');
    assert.equal((await find()).command, path.join(folder, 'second/python3'));
  });

  it('has uv fetch one where there is none', async () => {
    await put('first/python3', 'echo 3.13');
    await put('second/uv', 'exit 1');
    const { command, argumentsFor } = await find();
    assert.equal(command, path.join(folder, 'second/uv'));
    assert.deepEqual(argumentsFor('there'), ['venv', '--seed', '--python', '3.11', 'there']);
  });

  it('says what is missing, and how to get it, where there is neither', async () => {
    await put('first/python3', 'echo 3.13');
    await assert.rejects(find(), { name: 'StartError', message: /needs Python 3\.11 .*python3\.11-venv.*uv/ });
  });
});
