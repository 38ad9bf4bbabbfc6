// As little of a server as can be: reads JSON, answers JSON.
import http from 'node:http';

/** Answers each request with what `answer` gives for its path, headers and body; ready at once. */
export function serve(status, answer) {
  const server = http.createServer((request, response) => {
    if (request.url === '/readyz') {
      response.end();
      return;
    }
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', async () => {
      try {
        const body = chunks.length === 0 ? null : JSON.parse(Buffer.concat(chunks).toString());
        const text = JSON.stringify(await answer({ path: request.url, headers: request.headers, body }));
        response.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) });
        response.end(text);
      } catch (error) {
        console.error(error);
        response.writeHead(500).end();
      }
    });
  });
  server.listen(Number(process.env.PORT), '127.0.0.1');
}
