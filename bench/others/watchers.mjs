// Many who watch one job, in a process of their own: `STREAMS` by streams of events, `POLLS` by polls that wait. Ready once all do;
// any request is answered with how many have heard of something since the last one, and when the last of them did.
import http from 'node:http';
import { serve } from './serve.mjs';

const { JOB_URL, KEY, ETAG, STREAMS, POLLS } = process.env;
const openingMax = 100;
let [heard, lastAt] = [0, 0];
const hear = () => {
  heard++;
  lastAt = Date.now();
};

/** Resolves once it is open: a stream has sent what there is, a poll has been sent. */
const open = (path, headers, isStream) =>
  new Promise((resolve, reject) => {
    const request = http.request(JOB_URL + path, { headers: { 'X-Api-Key': KEY, ...headers }, agent: false });
    request.on('response', (response) => {
      if (response.statusCode !== 200) reject(new Error(`it is answered ${response.statusCode}`));
      if (!isStream) hear();
      let isFirst = isStream;
      response.setEncoding('utf8').on('data', (text) => {
        if (!isFirst && isStream && !text.startsWith(':')) hear(); // a comment says only that the stream is there
        isFirst = false;
        resolve();
      });
    });
    request.on('error', reject);
    request.end(() => isStream || resolve());
  });

const openAll = async (count, openOne) => {
  for (let opened = 0; opened < count; opened += openingMax) {
    await Promise.all(Array.from({ length: Math.min(openingMax, count - opened) }, openOne));
  }
};
await openAll(Number(STREAMS), () => open('/events', {}, true));
await openAll(Number(POLLS), () => open('', { Prefer: 'wait=60', 'If-None-Match': ETAG }, false));

serve(200, () => {
  const said = { heard, lastAt };
  heard = 0;
  return Promise.resolve(said);
});
