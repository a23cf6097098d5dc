#!/usr/bin/env node
/**
 * A Host that only pretends: living nodes, tasks and environments behind the real routes, and web/dist under the
 * real content security policy. For developing the dashboard and for its browser tests, nothing else.
 *
 *   node dev/fake-host.mjs [--port 8000] [--nodes 8] [--gpus N] [--tasks 400] [--traffic 0.35]
 */
import { createServer } from 'node:http';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { Cluster } from './fake/cluster.mjs';
import { makeEnvironments } from './fake/environments.mjs';
import { hostRoutes } from './fake/host-routes.mjs';
import { failure } from './fake/reply.mjs';
import { serveStatic } from './fake/statics.mjs';
import { taskRoutes } from './fake/task-routes.mjs';
import { attachTerminals } from './fake/terminal.mjs';

const ROUTES = [...taskRoutes, ...hostRoutes];

/**
 * Starts one and says where it listens; `close()` ends it with every connection.
 * @param {{ port?: number, nodes?: number, gpus?: number, tasks?: number, traffic?: number, seed?: number }} settings
 */
export async function startFakeHost({ port = 0, ...options } = {}) {
  const cluster = new Cluster(options);
  const shared = { cluster, environments: makeEnvironments(cluster.nodes) };
  const server = createServer((request, response) => {
    answer(shared, request, response).catch((problem) => {
      console.error(problem);
      response.destroy();
    });
  });
  attachTerminals(server);
  const timers = [setInterval(() => cluster.tick(), 1000), setInterval(() => cluster.flush(), 100)];
  await new Promise((resolve) => server.listen(port, '127.0.0.1', resolve));
  const close = () => {
    timers.forEach(clearInterval);
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  return { url: `http://127.0.0.1:${server.address().port}`, port: server.address().port, cluster, close };
}

async function answer(shared, request, response) {
  const url = new URL(request.url, 'http://host');
  const reply = url.pathname.startsWith('/api/')
    ? await dispatch({ ...shared, request, response, query: url.searchParams }, url.pathname)
    : await serveStatic(url.pathname, /\bbr\b/.test(request.headers['accept-encoding'] ?? ''));
  if (!reply) return;
  response.writeHead(reply.status, reply.headers);
  response.end(reply.body);
}

function dispatch(context, path) {
  for (const [method, pattern, handler] of ROUTES) {
    const match = method === context.request.method && pattern.exec(path);
    if (match) return handler(context, ...match.slice(1));
  }
  return failure(404, 'not_found', `There is no route ${context.request.method} ${path}.`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const text = { type: 'string' };
  const { values } = parseArgs({
    options: { port: text, nodes: text, gpus: text, tasks: text, traffic: text },
  });
  const numbers = Object.fromEntries(Object.entries(values).map(([key, value]) => [key, Number(value)]));
  const host = await startFakeHost({ port: 8000, ...numbers });
  console.log(`The fake Host listens on ${host.url}`);
}
