// Imported first by a process of Doppel that is to fail: stands at everything that crosses a process boundary, by way of the drivers that
// carry it, so that no await of that kind is without a failpoint and none costs anything in production. What happens at which of
// them is decided by a seed. crossings.test.ts holds that there is no other carrier.

import { createHash } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import fs from 'node:fs/promises';
import { createRequire, syncBuiltinESMExports } from 'node:module';
import { setTimeout as delay } from 'node:timers/promises';
import type { Readable } from 'node:stream';
import pg from 'pg';
import { seededRandom } from './random.ts';

/** What is done to crossings. `before` one nothing has happened elsewhere; `after` it everything has, and nobody knows. */
export interface Failpoint {
  /** Which, as a regular expression over their names. */
  at: string;
  place: 'before' | 'after';
  /** Ends the process, loses the connection, holds it up for up to two seconds, or refuses for good some of those that it is asked for. */
  action: 'crash' | 'fail' | 'hold' | 'refuse';
  /** How often, from 0 to 1. */
  chance: number;
  /** No more often than this. */
  most: number;
}

export interface FailpointSettings {
  seed: number;
  /** Which process it is of those that the harness runs. */
  member: string;
  /** Where each action is told, and each crossing the first time that it is seen, as lines of JSON. */
  report: string;
  /** Whether it starts workflows over its worker's connection. */
  startsEagerly: boolean;
  /** What it uses of what takes a tenth of a second to be loaded. */
  usesS3: boolean;
  sendsWebhooks: boolean;
  armed: readonly Failpoint[];
}

/** What is called of the files of a storage. */
export const fileFunctions = ['mkdir', 'open', 'readdir', 'rename', 'rmdir', 'stat', 'unlink', 'utimes'] as const;

const settings = JSON.parse(process.env['FAILPOINTS'] ?? 'null') as FailpointSettings | null;

if (settings !== null) {
  const random = seededRandom(settings.seed).fork(String(process.pid));
  const seen = new Set<string>();
  let armed: (Failpoint & { pattern: RegExp })[] = [];
  const arm = (failpoints: readonly Failpoint[]) => {
    armed = failpoints.map((failpoint) => ({ ...failpoint, pattern: new RegExp(failpoint.at) }));
  };
  arm(settings.armed);
  process.on('message', ({ arm: next }: { arm: readonly Failpoint[] }) => {
    arm(next);
  });
  process.channel?.unref(); // it keeps no process alive

  const tell = (line: object) => {
    appendFileSync(settings.report, `${JSON.stringify({ member: settings.member, ...line })}\n`);
  };
  /** Whether this one is among those that are refused: the same each time that it is asked for. */
  const isRefused = (subject: string, chance: number) =>
    createHash('sha256')
      .update(`${String(settings.seed)} ${subject}`)
      .digest()
      .readUInt32BE() <
    chance * 2 ** 32;

  /** Decides at a crossing, once; gives what is to be done, and where. */
  const decide = (name: string, subject = ''): Failpoint | null => {
    if (!seen.has(name)) {
      seen.add(name);
      tell({ seen: name });
    }
    for (const failpoint of armed) {
      const { pattern, action, chance, place } = failpoint;
      if (failpoint.most <= 0 || !pattern.test(name)) continue;
      if (action === 'refuse' ? !isRefused(subject, chance) : random.share() >= chance) continue;
      failpoint.most--;
      tell({ at: name, place, action });
      return failpoint;
    }
    return null;
  };
  const crash = (): never => {
    process.kill(process.pid, 'SIGKILL');
    throw new Error('killed'); // not reached
  };
  const heldUp = () => delay(100 + random.below(1_900));
  /** Carries what gives a promise: `lost` is how its driver says that a connection is. */
  const carry = async <Result>(fate: Failpoint | null, go: () => Promise<Result>, lost: () => Error) => {
    const act = async () => {
      if (fate?.action === 'crash') crash();
      if (fate?.action === 'hold') await heldUp();
      else throw lost();
    };
    if (fate?.place === 'before') await act();
    const result = await go();
    if (fate?.place === 'after') await act();
    return result;
  };

  // Postgres, by statement: transactions too, whose COMMIT is a statement.
  type Callback = (error: Error | null, result?: unknown) => void;
  type Query = (this: PgClient, ...parameters: unknown[]) => unknown;
  type PgClient = pg.Client & { connection: { stream: { destroy: () => void } } };
  const prototype = pg.Client.prototype as unknown as { query: Query };
  const query = prototype.query;
  const last = new WeakMap<PgClient, string>();
  const terminated = () => Object.assign(new Error('Connection terminated'), { code: 'ECONNRESET' });
  prototype.query = function (...parameters) {
    const [first] = parameters;
    const text = typeof first === 'string' ? first : ((first as { text?: string } | undefined)?.text ?? '');
    const statement = text.replace(/\s+/g, ' ').trim().slice(0, 90);
    // There are many transactions: each is named after its last statement.
    const fate = decide(statement === 'COMMIT;' ? `pg COMMIT of ${last.get(this) ?? ''}` : `pg ${statement}`);
    last.set(this, statement);
    if (fate === null) return query.apply(this, parameters);
    const callback = parameters.at(-1);
    if (typeof callback !== 'function') {
      return carry(
        fate,
        () => query.apply(this, parameters) as Promise<unknown>,
        () => {
          this.connection.stream.destroy();
          return terminated();
        },
      );
    }
    const answer = callback as Callback;
    const act = (goOn: () => void) => {
      if (fate.action === 'crash') crash();
      if (fate.action === 'hold') return void heldUp().then(goOn);
      this.connection.stream.destroy();
      if (fate.place === 'after') answer(terminated());
      else goOn();
    };
    const rest = parameters.slice(0, -1);
    if (fate.place === 'after') {
      return query.apply(this, [
        ...rest,
        (...result: Parameters<Callback>) => {
          act(() => {
            answer(...result);
          });
        },
      ]);
    }
    act(() => query.apply(this, parameters));
    return undefined;
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
    const { workflowId = '' } = parameters[3] as { workflowId?: string };
    const fate = decide(`temporal ${method}`, workflowId);
    if (fate === null) return makeUnaryRequest.apply(this, parameters);
    const callback = parameters.at(-1) as Callback;
    const fail = (code: number, details: string) => {
      callback(Object.assign(new Error(`${String(code)} ${details}`), { code, details }));
    };
    const act = (goOn: () => void) => {
      if (fate.action === 'crash') crash();
      if (fate.action === 'hold') return void heldUp().then(goOn);
      if (fate.action === 'refuse') fail(3, 'refused');
      else fail(14, 'UNAVAILABLE: lost');
    };
    if (fate.place === 'before') {
      setImmediate(act, () => makeUnaryRequest.apply(this, parameters));
      return { cancel: () => undefined };
    }
    return makeUnaryRequest.apply(this, [
      ...parameters.slice(0, -1),
      (...result: Parameters<Callback>) => {
        act(() => {
          callback(...result);
        });
      },
    ]);
  };

  if (settings.startsEagerly) {
    const { NativeConnection } = await import('@temporalio/worker');
    const native = NativeConnection.prototype as unknown as {
      sendRequest: (send: unknown, method: { name: string }, request: unknown, answer: Callback) => void;
    };
    const { sendRequest } = native;
    native.sendRequest = function (send, method, request, answer) {
      const go = () =>
        new Promise((resolve, reject) => {
          sendRequest.call(this, send, method, request, (error, result) => {
            if (error === null) resolve(result);
            else reject(error);
          });
        });
      const lost = () => Object.assign(new Error('14 UNAVAILABLE: lost'), { code: 14, details: 'lost' });
      carry(decide(`temporal ${method.name}`), go, lost).then((result) => {
        answer(null, result);
      }, answer);
    };
  }

  // The storage: its files, or S3, by command.
  type Functions = Record<string, (this: unknown, ...parameters: unknown[]) => Promise<unknown>>;
  const ioError = () => Object.assign(new Error('EIO: lost'), { code: 'EIO' });
  const standIn = (functions: Functions, names: readonly string[], isOurs: (first: unknown) => boolean) => {
    for (const name of names) {
      const original = functions[name];
      if (original === undefined) throw new Error(`there is no ${name}`);
      functions[name] = function (...parameters) {
        const go = () => original.apply(this, parameters);
        return isOurs(parameters[0]) ? carry(decide(`file ${name}`), go, ioError) : go();
      };
    }
  };
  standIn(fs as unknown as Functions, fileFunctions, (path) => String(path).includes('/storage'));
  const handle = await fs.open(process.execPath);
  standIn(Object.getPrototypeOf(handle) as Functions, ['stat', 'writeFile', 'sync', 'readFile'], () => true);
  await handle.close();
  syncBuiltinESMExports();
  if (settings.usesS3) {
    const { S3Client } = await import('@aws-sdk/client-s3');
    const s3 = S3Client.prototype as unknown as { send: (...parameters: unknown[]) => Promise<unknown> };
    const send = s3.send;
    s3.send = function (...parameters) {
      const [command] = parameters as [object];
      const fate = decide(`s3 ${command.constructor.name}`);
      const go = async () => {
        const answer = await send.apply(this, parameters);
        // What is lost on the way is read by nobody.
        if (fate?.place === 'after') (answer as { Body?: Readable }).Body?.on('error', () => undefined).destroy();
        return answer;
      };
      return carry(fate, go, terminated);
    };
  }

  // Receivers of webhooks.
  if (settings.sendsWebhooks) {
    const { Dispatcher } = await import('undici');
    const undici = Dispatcher.prototype as unknown as { request: (...parameters: unknown[]) => Promise<unknown> };
    const request = undici.request;
    undici.request = function (...parameters) {
      return carry(decide('receiver POST'), () => request.apply(this, parameters), terminated);
    };
  }
}
