// Imported first by a process of Doppel that is to fail: stands at everything that crosses a process boundary, by way of the drivers that
// carry it, so that no await of that kind is without a failpoint and none costs anything in production. What happens at which of
// them is decided by a seed.

import { appendFileSync } from 'node:fs';
import fs from 'node:fs/promises';
import { createRequire, syncBuiltinESMExports } from 'node:module';
import pg from 'pg';
import { seededRandom } from './random.ts';

/** What is done to a crossing. `before` it nothing has happened elsewhere; `after` it everything has, and nobody knows. */
export interface FailpointPlan {
  seed: number;
  /** Which crossings, as a regular expression over their names. */
  at: string;
  place: 'before' | 'after';
  /** Ends the process, or loses the connection. */
  action: 'crash' | 'fail';
  /** How often, from 0 to 1. */
  chance: number;
  /** No more often than this. */
  most: number;
  /** Where each action is told, and each crossing the first time that it is seen, as lines of JSON. */
  report: string;
}

const plan = JSON.parse(process.env['FAILPOINTS'] ?? 'null') as FailpointPlan | null;

if (plan !== null) {
  const random = seededRandom(plan.seed).fork(String(process.pid));
  const at = new RegExp(plan.at);
  const seen = new Set<string>();
  let done = 0;
  const tell = (line: object) => {
    appendFileSync(plan.report, `${JSON.stringify({ pid: process.pid, ...line })}\n`);
  };

  /** Decides at a crossing, once; gives what is to be done, and where. */
  const decide = (name: string): Pick<FailpointPlan, 'place' | 'action'> | null => {
    if (!seen.has(name)) {
      seen.add(name);
      tell({ seen: name });
    }
    if (done >= plan.most || !at.test(name) || random.share() >= plan.chance) return null;
    done++;
    tell({ at: name, place: plan.place, action: plan.action });
    return plan;
  };
  const crash = (): never => {
    process.kill(process.pid, 'SIGKILL');
    throw new Error('killed'); // not reached
  };

  // Postgres, by statement: transactions too, whose COMMIT is a statement.
  type Callback = (error: Error | null, result?: unknown) => void;
  type Query = (this: PgClient, ...parameters: unknown[]) => unknown;
  type PgClient = pg.Client & { connection: { stream: { destroy: () => void } } };
  const prototype = pg.Client.prototype as unknown as { query: Query };
  const query = prototype.query;
  prototype.query = function (...parameters) {
    const [first] = parameters;
    const text = typeof first === 'string' ? first : ((first as { text?: string } | undefined)?.text ?? '');
    const fate = decide(`pg ${text.replace(/\s+/g, ' ').trim().slice(0, 90)}`);
    if (fate === null) return query.apply(this, parameters);
    const act = () => {
      if (fate.action === 'crash') crash();
      this.connection.stream.destroy();
    };
    if (fate.place === 'before') {
      act();
      return query.apply(this, parameters);
    }
    const last = parameters.at(-1);
    if (typeof last === 'function') {
      const callback = last as Callback;
      return query.apply(this, [
        ...parameters.slice(0, -1),
        () => {
          act();
          callback(Object.assign(new Error('Connection terminated'), { code: 'ECONNRESET' }));
        },
      ]);
    }
    return (query.apply(this, parameters) as Promise<unknown>).then(() => {
      act();
      throw Object.assign(new Error('Connection terminated'), { code: 'ECONNRESET' });
    });
  };

  // Temporal, by method, as its client calls it; what a worker's core does is cut by the proxy.
  interface Call {
    cancel: () => void;
  }
  interface Grpc {
    Client: { prototype: { makeUnaryRequest: (...parameters: unknown[]) => Call } };
  }
  const grpc = createRequire(createRequire(import.meta.url).resolve('@temporalio/client'))('@grpc/grpc-js') as Grpc;
  const { makeUnaryRequest } = grpc.Client.prototype;
  grpc.Client.prototype.makeUnaryRequest = function (...parameters) {
    const method = String(parameters[0]).split('/').at(-1) ?? '';
    const fate = decide(`temporal ${method}`);
    if (fate === null) return makeUnaryRequest.apply(this, parameters);
    const callback = parameters.at(-1) as (error: Error) => void;
    const lose = () => {
      if (fate.action === 'crash') crash();
      callback(Object.assign(new Error('14 UNAVAILABLE: lost'), { code: 14, details: 'lost' }));
    };
    if (fate.place === 'before') {
      setImmediate(lose);
      return { cancel: () => undefined };
    }
    return makeUnaryRequest.apply(this, [...parameters.slice(0, -1), lose]);
  };

  // Files of the storage.
  const files = fs as unknown as Record<string, (...parameters: unknown[]) => Promise<unknown>>;
  for (const name of ['rename', 'unlink', 'readFile']) {
    const original = files[name];
    if (original === undefined) throw new Error(`there is no ${name}`);
    files[name] = async (...parameters) => {
      if (!String(parameters[0]).includes('/storage/')) return original(...parameters);
      const fate = decide(`file ${name}`);
      const lose = () => {
        if (fate?.action === 'crash') crash();
        throw Object.assign(new Error('EIO: lost'), { code: 'EIO' });
      };
      if (fate?.place === 'before') lose();
      const result = await original(...parameters);
      if (fate?.place === 'after') lose();
      return result;
    };
  }
  syncBuiltinESMExports();
}
