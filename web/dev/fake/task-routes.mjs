/** The task routes of the fake Host. */
import { logOf } from './logs.mjs';
import { failure, json, notFound, readJson } from './reply.mjs';
import { FINAL, misfit, viewOf } from './tasks.mjs';

export const taskRoutes = [
  ['GET', /^\/api\/tasks$/, list],
  ['POST', /^\/api\/(?:tasks|submit)$/, submit],
  ['POST', /^\/api\/tasks\/(kill|pause|resume|retry)$/, actOnMany],
  ['GET', /^\/api\/tasks\/(\d+)$/, one((task) => json(200, viewOf(task)))],
  ['GET', /^\/api\/tasks\/(\d+)\/explain$/, one(explain)],
  ['GET', /^\/api\/tasks\/(\d+)\/history$/, one(history)],
  ['POST', /^\/api\/tasks\/(\d+)\/(kill|pause|resume|retry)$/, actOnOne],
  ['GET', /^\/api\/tasks\/(\d+)\/(stdout|stderr)$/, log],
  ['GET', /^\/api\/tasks\/(\d+)\/(stdout|stderr)\/times$/, logTimes],
  ['GET', /^\/api\/batches\/(\d+)$/, batch],
];

function one(handler) {
  return (context, id) => {
    const task = context.cluster.get(id);
    return task ? handler(task, context) : notFound(`task ${id}`);
  };
}

function list({ cluster, query }) {
  const limit = Math.min(1000, Number(query.get('limit') ?? 100));
  const after = Number(query.get('after') ?? Infinity);
  const keep = filterOf(query);
  const found = [];
  let total = 0;
  const all = [...cluster.tasks.values()];
  for (let index = all.length - 1; index >= 0; index--) {
    const task = all[index];
    if (!keep(task)) continue;
    total++;
    if (Number(task.task_id) < after && found.length <= limit) found.push(viewOf(task));
  }
  const tasks = found.slice(0, limit);
  return json(200, { tasks, total, next: found.length > limit ? tasks.at(-1).task_id : null });
}

function filterOf(query) {
  const states = new Set(
    query
      .getAll('status')
      .flatMap((text) => text.split(','))
      .filter(Boolean),
  );
  const words = query.get('q')?.toLowerCase();
  const same = [
    ['node', 'assigned_node'],
    ['batch', 'batch_id'],
    ['container', 'container_name'],
    ['user', 'submitted_by'],
  ]
    .map(([key, field]) => [query.get(key), field])
    .filter(([value]) => value);
  return (task) =>
    (!states.size || states.has(task.status)) &&
    same.every(([value, field]) => task[field] === value) &&
    (!words || [task.command, ...task.arguments].join(' ').toLowerCase().includes(words));
}

async function submit({ cluster, request }) {
  const body = await readJson(request);
  if (!body.command)
    return failure(422, 'invalid', 'A task needs a command.', [
      { path: '/command', message: 'A task needs a command.' },
    ]);
  const failed = (body.targets ?? []).filter((target) => !cluster.node(target.split(':')[0]));
  if (failed.length) {
    const fields = failed.map((target) => ({
      path: `/targets/${body.targets.indexOf(target)}`,
      message: `There is no node ${target.split(':')[0]}.`,
    }));
    return failure(422, 'invalid', fields[0].message, fields);
  }
  const { ids, batch } = cluster.submit(body);
  return json(202, {
    message: `${ids.length} tasks accepted.`,
    task_ids: ids,
    batch_id: batch,
    failed_targets: [],
  });
}

function explain(task, { cluster }) {
  const nodes = cluster.nodes.map((node) => {
    const reason = misfit(task, node);
    return { node: node.hostname, fits: !reason, reason };
  });
  const summary =
    task.status === 'pending' ? 'No node has what the task needs free now.' : `The task is ${task.status}.`;
  return json(200, { task_id: task.task_id, status: task.status, summary, ahead: 0, nodes });
}

function history(task, { cluster }) {
  const attempt = {
    number: 1,
    node: task.assigned_node,
    status: task.status,
    numa: task.target_numa_node_id,
    gpus: task.required_gpus,
    assigned_at: task.submitted_at,
    started_at: task.started_at,
    completed_at: task.completed_at,
    exit_code: task.exit_code,
    end_reason: task.end_reason,
    message: task.error_message,
  };
  return json(200, {
    attempts: task.assigned_node ? [attempt] : [],
    events: cluster.events.get(task.task_id) ?? pastEvents(task),
  });
}

function pastEvents(task) {
  const event = (at, kind, detail = '') => ({ at, kind, node: task.assigned_node ?? '', detail });
  const events = [
    event(task.submitted_at, 'submitted', `by ${task.submitted_by}`),
    event(task.submitted_at, 'assigned', 'attempt 1'),
  ];
  if (task.started_at) events.push(event(task.started_at, 'running'));
  if (task.completed_at) events.push(event(task.completed_at, task.status, task.error_message));
  return events;
}

const ALLOWED = {
  kill: ['pending', 'assigning', 'running', 'paused', 'lost'],
  pause: ['running'],
  resume: ['paused'],
};

function act(cluster, task, action) {
  if (!ALLOWED[action].includes(task.status))
    return `Task ${task.task_id} is ${task.status}; it cannot be ${action}${action.endsWith('e') ? 'd' : 'ed'}.`;
  if (action === 'kill')
    cluster.end(task, {
      status: 'killed',
      exit_code: 143,
      signal: 15,
      end_reason: 'killed',
      kill_requested: true,
    });
  else {
    task.status = action === 'pause' ? 'paused' : 'running';
    cluster.note(task, task.status);
  }
  return '';
}

function retry(cluster, task) {
  return cluster.submit({
    ...task,
    container_name: task.container_name ?? 'NULL',
    targets: task.target ? [task.target] : [],
    count: 1,
  });
}

function actOnOne({ cluster }, id, action) {
  const task = cluster.get(id);
  if (!task) return notFound(`task ${id}`);
  if (action === 'retry') {
    const { ids, batch: batchId } = retry(cluster, task);
    return json(202, {
      message: `Submitted again as task ${ids[0]}.`,
      task_ids: ids,
      batch_id: batchId,
      failed_targets: [],
    });
  }
  const problem = act(cluster, task, action);
  return problem ? failure(409, 'conflict', problem) : json(200, { message: `Task ${id}: ${action} done.` });
}

async function actOnMany({ cluster, request }, action) {
  const { task_ids: ids = [] } = await readJson(request);
  const reply = { done: [], refused: [] };
  for (const id of ids) {
    const task = cluster.get(id);
    const problem = !task ? `There is no task ${id}.` : action === 'retry' ? '' : act(cluster, task, action);
    if (problem) reply.refused.push({ target: id, reason: problem });
    else reply.done.push(id);
    if (!problem && action === 'retry') retry(cluster, task);
  }
  return json(200, reply);
}

function batch({ cluster }, id) {
  const tasks = [...cluster.tasks.values()].filter((task) => task.batch_id === id);
  if (!tasks.length) return notFound(`batch ${id}`);
  const counts = {};
  for (const task of tasks) counts[task.status] = (counts[task.status] ?? 0) + 1;
  const [first] = tasks;
  return json(200, {
    batch_id: id,
    command: first.command,
    submitted_by: first.submitted_by,
    submitted_at: first.submitted_at,
    total: tasks.length,
    counts,
    finished: tasks.every((task) => FINAL.has(task.status)),
  });
}

function log({ cluster, request, query, response }, id, stream) {
  const task = cluster.get(id);
  if (!task) return notFound(`task ${id}`);
  const { size, read } = logOf(task, stream);
  const headers = {
    'Content-Type': 'text/plain; charset=utf-8',
    'X-Total-Size': String(size),
    'X-Content-Type-Options': 'nosniff',
  };
  if (query.get('follow'))
    return follow({ task, stream, offset: Number(query.get('offset') ?? 0), response, request, headers });
  const range = rangeOf(request.headers.range, size);
  if (range === 'bad')
    return { status: 416, body: '', headers: { ...headers, 'Content-Range': `bytes */${size}` } };
  if (!range) return { status: 200, body: read(Math.max(0, size - 4_000_000), size), headers };
  const [begin, end] = range;
  return {
    status: 206,
    body: read(begin, end),
    headers: { ...headers, 'Content-Range': `bytes ${begin}-${end - 1}/${size}` },
  };
}

function logTimes({ cluster, query }, id, stream) {
  const task = cluster.get(id);
  if (!task) return notFound(`task ${id}`);
  const [from, to] = [Number(query.get('from') ?? 0), Number(query.get('to') ?? Infinity)];
  const { marks } = logOf(task, stream);
  const first = marks.findIndex(({ size }) => size > from);
  const last = marks.findIndex(({ size }) => size >= to);
  return json(200, { marks: first < 0 ? [] : marks.slice(first, last < 0 ? undefined : last + 1) });
}

function rangeOf(header, size) {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '');
  if (!match) return null;
  if (size === 0) return 'bad';
  if (!match[1]) return [Math.max(0, size - Number(match[2])), size];
  const begin = Number(match[1]);
  return begin >= size ? 'bad' : [begin, match[2] ? Math.min(size, Number(match[2]) + 1) : size];
}

function follow({ task, stream, offset, response, request, headers }) {
  response.writeHead(200, headers);
  response.flushHeaders();
  let at = offset;
  const send = () => {
    const { size, read } = logOf(task, stream);
    if (size > at) response.write(read(at, size));
    at = Math.max(at, size);
    if (FINAL.has(task.status)) done();
  };
  const timer = setInterval(send, 250);
  const done = () => {
    clearInterval(timer);
    response.end();
  };
  request.on('close', () => clearInterval(timer));
  send();
  return null;
}
