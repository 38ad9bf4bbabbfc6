// What stands for the studio in a start: it knows what such a program is told in its environment, and paints plain pictures once its
// folder has the file `paints`.
import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { NativeConnection } from '@temporalio/worker';
import { startDrawer } from '../support/drawer.ts';
import { until } from '../support/eventually.ts';
import { plainPicture } from '../support/plain-renderer.ts';

const { DOPPEL_URL: url = '', DRAWER_KEYS: keys = '', TEMPORAL_ADDRESS: address = '' } = process.env;
const [id = '', secret = ''] = (keys.split(',')[0] ?? '').split(':');
const connection = await NativeConnection.connect({ address });
const drawer = await startDrawer({
  connection,
  url,
  key: { id, secret },
  identity: `${String(process.pid)}@${hostname()}`,
  async paint() {
    await until('it may paint', () => existsSync('paints'), { withinMs: 600_000 });
    return plainPicture('#336699');
  },
});
const end = async () => {
  await drawer.close();
  await connection.close();
  process.exit();
};
process.stdin.resume().once('close', () => void end());
process.once('SIGTERM', () => void end());
