// The processes of Doppel that the harness runs: started again when they end, as whatever runs them in production would. They are
// compiled, workflows too, before the first starts: they start some thousand times.

import { execFile, fork, type ChildProcess } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { eventually } from '../support/eventually.ts';
import type { Failpoint, FailpointSettings } from './failpoints.ts';
import type { MemberSettings, Role, Word } from './member.ts';

export interface Member {
  name: string;
  role: Role;
  /** Undefined while it is down. */
  pid: () => number | undefined;
  signal: (signal: NodeJS.Signals) => void;
  /** Ends it in order, and waits until its successor is ready. */
  restart: () => Promise<void>;
  /** What it does at failpoints from now on, and its successors. */
  arm: (failpoints: readonly Failpoint[]) => void;
}

/** What members run. */
export interface Program {
  module: string;
  /** A folder for what V8 makes of it. */
  cache: string;
  /** Of each version of the workers. */
  workflowBundles: readonly [WorkflowBundle, ...WorkflowBundle[]];
}

type WorkflowBundle = MemberSettings['workflowBundle'];

/** Compiles the code in a tree; its workflows lie in `folder`, those of a next release too where there is one. */
export async function compileMembers(
  tree: string,
  folder: string,
  { hasNextRelease }: { hasNextRelease: boolean },
): Promise<Program> {
  const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
  await promisify(execFile)(process.execPath, [tsc, '--project', join(tree, 'test/faults/tsconfig.member.json')]);
  const compiled = join(tree, 'dist/faults');
  const bundle = async (workflows: string): Promise<WorkflowBundle> => {
    const workflowsPath = join(compiled, workflows);
    const { code } = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('WARN') });
    const codePath = join(folder, `${workflows.replaceAll('/', '-')}.js`);
    await writeFile(codePath, code);
    return { codePath };
  };
  return {
    module: join(compiled, 'test/faults/member.js'),
    cache: join(compiled, '.cache'),
    workflowBundles: [await bundle('workflows'), ...(hasNextRelease ? [await bundle('test/faults/next-release')] : [])],
  };
}

/** Starts one and keeps it running until `isClosing`. */
export function openMember(about: {
  program: Program;
  name: string;
  settings: MemberSettings;
  /** For each start anew. */
  failpoints: () => Omit<FailpointSettings, 'armed'>;
  env: NodeJS.ProcessEnv;
  heapMb: number | undefined;
  logFile: string;
  onUnexpectedEnd: (how: string) => void;
  isClosing: () => boolean;
}): Member {
  const { name, settings, heapMb } = about;
  let armed: readonly Failpoint[] = [];
  let child: ChildProcess | undefined;
  let isReady = false;
  let isExpected = false;
  const run = () => {
    const failpoints: FailpointSettings = { ...about.failpoints(), armed };
    const started = fork(about.program.module, [], {
      execArgv: heapMb === undefined ? [] : [`--max-old-space-size=${String(heapMb)}`],
      env: {
        ...process.env,
        NODE_COMPILE_CACHE: about.program.cache, // from Node 22 on
        ...about.env,
        MEMBER: JSON.stringify(settings),
        FAILPOINTS: JSON.stringify(failpoints),
      },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    const log = createWriteStream(about.logFile, { flags: 'a' });
    started.stdout?.pipe(log, { end: false });
    started.stderr?.pipe(log, { end: false });
    started.on('message', (word: Word) => {
      if (word === 'ready') isReady = true;
      else isExpected = true;
    });
    started.once('exit', (code, signal) => {
      isReady = false;
      child = undefined;
      const isOutOfMemory = signal === 'SIGABRT' && heapMb !== undefined;
      if (!isExpected && !isOutOfMemory && signal !== 'SIGKILL')
        about.onUnexpectedEnd(`${name} ended with ${String(signal ?? code)}`);
      isExpected = false;
      if (!about.isClosing()) setTimeout(run, 250);
    });
    child = started;
  };
  run();
  return {
    name,
    role: settings.role,
    pid: () => (isReady ? child?.pid : undefined),
    signal: (signal) => {
      if (signal === 'SIGTERM') isExpected = true;
      child?.kill(signal);
    },
    async restart() {
      const before = child?.pid;
      isExpected = true;
      child?.kill('SIGTERM');
      await eventually(`${name} is back`, () => (isReady && child?.pid !== before ? true : undefined), {
        withinMs: 60_000,
      });
    },
    arm: (failpoints) => {
      armed = failpoints;
      if (child?.connected === true) child.send({ arm: failpoints }, () => undefined); // it may die meanwhile
    },
  };
}
