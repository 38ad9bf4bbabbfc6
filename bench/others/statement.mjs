// F2 and F6: a bare server, and one prepared statement of pg. `STATEMENT` takes what `VALUES` names, in its order: the key, the path
// behind its slash, or fields of the body.
import pg from 'pg';
import { serve } from './serve.mjs';

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 20 });
const names = JSON.parse(process.env.VALUES);

serve(Number(process.env.STATUS), async ({ path, headers, body }) => {
  const valueOf = (name) =>
    name === 'key' ? headers['idempotency-key'] : name === 'path' ? path.slice(1) : body[name];
  const values = names.map(valueOf);
  const { rows } = await pool.query({ name: 'statement', text: process.env.STATEMENT, values });
  return rows[0];
});
