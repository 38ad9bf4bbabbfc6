// The callers: wrk, as fast as they are answered, and vegeta, at a steady rate; processes of their own.

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { installFromGo } from '../test/support/install-from-go.ts';
import { writeScript, type Bench } from './bench.ts';

const run = promisify(execFile);

/** A request as all callers send it; `{n}` is a number of twelve digits that comes once. */
export interface Asked {
  method: 'GET' | 'POST';
  path: string;
  headers?: Record<string, string>;
  body?: string;
}

export interface Answered {
  count: number;
  perSecond: number;
  /** In ms. */
  p50: number;
  p99: number;
}

/** Asks over and over, over so many connections; throws when an answer is an error, or does not come. */
export async function ask(
  bench: Pick<Bench, 'folder'>,
  url: string,
  asked: Asked,
  { callers, seconds }: { callers: number; seconds: number },
): Promise<Answered> {
  const script = await writeScript(bench, 'load.lua', scriptOf(url, asked));
  const args = ['-t1', `-c${String(callers)}`, `-d${String(seconds)}s`, '--timeout', '10s', '-s', script, url];
  const { stdout } = await run('wrk', args);
  const [, found] = /^result (.*)$/m.exec(stdout) ?? [];
  if (found === undefined) throw new Error(`wrk says no result:\n${stdout}`);
  const { errors, ...answered } = JSON.parse(found) as Answered & { errors: number };
  if (errors > 0) throw new Error(`${String(errors)} answers are errors, or did not come:\n${stdout}`);
  return answered;
}

/** Asks so often a second, whatever the answers take; throws as `ask` does. Times count from when a request was to be sent. */
export async function askSteadily(
  bench: Pick<Bench, 'folder'>,
  url: string,
  { method, path, headers = {}, body = '' }: Asked,
  { perSecond, seconds }: { perSecond: number; seconds: number },
): Promise<Answered> {
  const ofRun = runs++;
  const targets = Array.from({ length: perSecond * seconds }, (_, at) => {
    const filled = (text: string) => text.replaceAll('{n}', numberOf(ofRun, at));
    return JSON.stringify({
      method,
      url: url + filled(path),
      header: Object.fromEntries(
        Object.entries({ 'Content-Type': 'application/json', ...headers }).map(([name, value]) => [
          name,
          [filled(value)],
        ]),
      ),
      body: Buffer.from(filled(body)).toString('base64'),
    });
  });
  const file = await writeScript(bench, 'targets.jsonl', `${targets.join('\n')}\n`);
  const vegeta = await installFromGo('Vegeta', 'github.com/tsenart/vegeta/v12', '12.12.0');
  const attack = `"$0" attack -format json -lazy -targets "$1" -rate "$2" -duration "$3s" | "$0" report -type json`;
  const { stdout } = await run('sh', ['-c', attack, vegeta, file, String(perSecond), String(seconds)]);
  const report = JSON.parse(stdout) as {
    requests: number;
    throughput: number;
    success: number;
    latencies: Record<'50th' | '99th', number>;
    errors: string[];
  };
  if (report.success < 1) throw new Error(`answers are errors, or did not come: ${report.errors.join(', ')}`);
  const { '50th': p50, '99th': p99 } = report.latencies;
  return { count: report.requests, perSecond: report.throughput, p50: p50 / 1e6, p99: p99 / 1e6 };
}

let runs = 0;

const numberOf = (ofRun: number, at: number): string => String(ofRun * 1e7 + at).padStart(12, '0');

/** What wrk runs: as little as can be, since it takes the time of what it measures. */
function scriptOf(url: string, { method, path, headers = {}, body = '' }: Asked): string {
  const length = body.replaceAll('{n}', numberOf(0, 0)).length;
  const lines = Object.entries({
    Host: new URL(url).host,
    ...headers,
    ...(body === '' ? {} : { 'Content-Type': 'application/json', 'Content-Length': String(length) }),
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  const parts = `${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n${body}`.split('{n}');
  return `
local parts = { ${parts.map((part) => JSON.stringify(part)).join(', ')} }
local at = ${String(runs++)} * 1e7
function request()
  at = at + 1
  return table.concat(parts, string.format('%012d', at))
end
function done(summary, latency)
  local errors = summary.errors
  io.write(string.format('result {"count":%d,"perSecond":%f,"p50":%f,"p99":%f,"errors":%d}\\n',
    summary.requests, summary.requests / summary.duration * 1e6,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
`;
}
