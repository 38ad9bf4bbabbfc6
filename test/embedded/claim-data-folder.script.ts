// A start of its own, for tests: claims the folder when told to, says how that went, and stays until its input ends.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { claimDataFolder, type DataFolderClaim } from '../../src/embedded/instance-lock.ts';

const [dataDir = '', stopLog = ''] = process.argv.slice(2);
const say = (word: string) => process.stdout.write(`${word}\n`);

/** A server that writes its name into `stopLog` when it is asked to stop. */
async function spawnServer(claim: DataFolderClaim, name: string): Promise<void> {
  const program = `
    process.on('SIGTERM', () => { require('fs').appendFileSync(process.argv[1], process.argv[2] + ' '); process.exit(); });
    setInterval(() => {}, 1000);
    console.log('ready');`;
  const child = spawn(process.execPath, ['-e', program, stopLog, name], {
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  if (child.pid === undefined) throw new Error(`no ${name}`);
  claim.recordServer({ name, pid: child.pid, stopSignal: 'SIGTERM' });
  await once(child.stdout, 'data');
}

let claim: DataFolderClaim | undefined;
say('here');
for await (const order of createInterface(process.stdin)) {
  if (order === 'claim') {
    try {
      claim = await claimDataFolder(dataDir);
      say('claimed');
    } catch (error) {
      say(`refused: ${String(error)}`);
    }
  } else if (claim !== undefined) {
    await spawnServer(claim, order);
    say('spawned');
  }
}
claim?.release();
process.exit();
