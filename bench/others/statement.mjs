// F2 and F6: a bare server, and one prepared statement of pg. `STATEMENT` takes what `VALUES` names, in its order.
import pg from 'pg';
import { serve } from './serve.mjs';

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 20 });
const names = JSON.parse(process.env.VALUES);

serve(Number(process.env.STATUS), async ({ headers, body }) => {
  const values = names.map((name) => (name === 'key' ? headers['idempotency-key'] : body[name]));
  const { rows } = await pool.query({ name: 'statement', text: process.env.STATEMENT, values });
  return rows[0];
});
