// The dispatcher by itself: starts the workflows of what is in the table.
import pino from 'pino';
import { v7 as newId } from 'uuid';
import { openDatabase } from '../../dist/src/db/database.js';
import { openTemporal } from '../../dist/src/temporal/connection.js';
import { createDispatcher } from '../../dist/src/temporal/dispatcher.js';
import { serve } from './serve.mjs';

const { DATABASE_URL, TEMPORAL_ADDRESS: address } = process.env;
const database = openDatabase(DATABASE_URL);
const { temporal, connection } = openTemporal({ connectionOptions: { address }, namespace: 'default' });
const dispatcher = createDispatcher({ database, temporal, newId, log: pino({ level: 'warn' }) });
dispatcher.jobs.scan();
serve(200, () => Promise.resolve({}));
process.once('SIGTERM', async () => {
  await dispatcher.close();
  await connection.close();
  await database.destroy();
  process.exit();
});
