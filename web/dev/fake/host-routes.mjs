/** The node, environment and event routes of the fake Host. */
import { perform } from './environments.mjs';
import { failure, json, notFound, readJson } from './reply.mjs';

export const hostRoutes = [
  ['GET', /^\/api\/cluster$/, ({ cluster }) => json(200, cluster.view())],
  ['GET', /^\/api\/nodes$/, ({ cluster }) => json(200, { nodes: cluster.nodes })],
  ['GET', /^\/api\/nodes\/([^/]+)$/, withNode((node) => json(200, node))],
  ['POST', /^\/api\/nodes\/([^/]+)\/(drain|undrain)$/, withNode(drain)],
  ['DELETE', /^\/api\/nodes\/([^/]+)$/, withNode(remove)],
  ['GET', /^\/api\/health$/, health],
  ['GET', /^\/api\/events$/, events],
  [
    'GET',
    /^\/api\/environments$/,
    ({ environments }) => json(200, { environments, engine: 'Docker 20.10.24', problem: '' }),
  ],
  ['POST', /^\/api\/environments$/, create],
  ['POST', /^\/api\/environments\/([^/]+)\/(start|stop)$/, withEnvironment(startOrStop)],
  ['POST', /^\/api\/environments\/([^/]+)\/(package|import)$/, withEnvironment(pack)],
  ['DELETE', /^\/api\/environments\/([^/]+)$/, withEnvironment(removeContainer)],
  ['DELETE', /^\/api\/environments\/([^/]+)\/versions$/, withEnvironment(removeVersions)],
];

function health({ cluster, query }) {
  return json(200, query.get('range') === 'hour' ? { nodes: [], aggregate: cluster.hour } : cluster.history);
}

function withNode(handler) {
  return (context, name, ...rest) => {
    const node = context.cluster.node(decodeURIComponent(name));
    return node ? handler(node, context, ...rest) : notFound(`node ${name}`);
  };
}

function withEnvironment(handler) {
  return (context, name, ...rest) => {
    const environment = context.environments.find((one) => one.name === decodeURIComponent(name));
    return environment ? handler(environment, context, ...rest) : notFound(`environment ${name}`);
  };
}

function drain(node, { cluster }, action) {
  node.drained = action === 'drain';
  cluster.emit('push', 'nodes', { nodes: [node] });
  return json(200, {
    message: node.drained ? `${node.hostname} takes no new tasks.` : `${node.hostname} takes tasks again.`,
  });
}

function remove(node, { cluster }) {
  if (node.status === 'online')
    return failure(409, 'conflict', `${node.hostname} is online; stop its runner first.`);
  cluster.nodes = cluster.nodes.filter((one) => one !== node);
  cluster.emit('push', 'cluster', cluster.view());
  return json(200, { message: `${node.hostname} was removed.` });
}

function events({ cluster, request, response }) {
  response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
  let id = 0;
  const push = (name, data) =>
    response.write(`event: ${name}\nid: ${++id}\ndata: ${JSON.stringify(data)}\n\n`);
  push('hello', { version: '0.1.0', now: new Date().toISOString() });
  cluster.on('push', push);
  request.on('close', () => cluster.off('push', push));
  return null;
}

function startOrStop(environment, context, action) {
  const running = action === 'start';
  if (!environment.container)
    return failure(409, 'conflict', `${environment.name} has no container on the Host.`);
  Object.assign(environment.container, {
    state: running ? 'running' : 'exited',
    status: running ? 'Up 1 second' : 'Exited (0) 1 second ago',
  });
  context.cluster.emit('push', 'environments', {});
  return json(200, { message: `${environment.name} was ${running ? 'started' : 'stopped'}.` });
}

async function create(context) {
  const { name, image_name: image } = await readJson(context.request);
  if (!/^[a-z0-9][a-z0-9_.-]{0,62}$/.test(name ?? '')) {
    const message = 'A name has lower case letters, digits, dots, dashes and underscores only.';
    return failure(422, 'invalid', message, [{ path: '/name', message }]);
  }
  if (context.environments.some((one) => one.name === name)) {
    const message = `There is an environment ${name} already.`;
    return failure(409, 'conflict', message, [{ path: '/name', message }]);
  }
  const environment = { name, container: null, versions: [], is_default: false, operation: 'create' };
  context.environments.push(environment);
  return stream('create', environment, context, () => {
    environment.container = { id: '77aa01c2d3e4', image, state: 'running', status: 'Up 1 second' };
  });
}

function pack(environment, context, operation) {
  return stream(operation, environment, context, () => {
    const at = Math.floor(Date.now() / 1000);
    const version = {
      version: String(at),
      tarball: `/mnt/shared/hakuriver-containers/${environment.name}-${at}.tar`,
      created_at: new Date().toISOString(),
      size_bytes: 1_240_000_000,
      nodes: [],
    };
    environment.versions = [version, ...environment.versions];
  });
}

async function stream(operation, environment, { cluster, response }, finish) {
  environment.operation = operation;
  cluster.emit('push', 'environments', {});
  response.writeHead(200, { 'Content-Type': 'application/x-ndjson' });
  for await (const step of perform(operation, environment.name)) {
    if (step.finished) {
      environment.operation = '';
      finish();
    }
    cluster.emit('push', 'progress', step);
    response.write(`${JSON.stringify(step)}\n`);
  }
  cluster.emit('push', 'environments', {});
  response.end();
  return null;
}

function removeContainer(environment, context) {
  environment.container = null;
  if (!environment.versions.length) context.environments.splice(context.environments.indexOf(environment), 1);
  context.cluster.emit('push', 'environments', {});
  return json(200, { message: `The container of ${environment.name} was deleted.` });
}

function removeVersions(environment, context) {
  const wanted = context.query.get('version');
  environment.versions = wanted ? environment.versions.filter((one) => one.version !== wanted) : [];
  context.cluster.emit('push', 'environments', {});
  return json(200, { message: 'Deleted.' });
}
