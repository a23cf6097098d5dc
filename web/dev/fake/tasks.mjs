/** The tasks of the fake cluster: submission, placement, ends, actions. Much simpler than the real scheduler. */
import { USERS } from './workload.mjs';

export const FINAL = new Set(['completed', 'failed', 'killed', 'killed_oom']);
const FAILURES = [
  { exit_code: 1, tail: 'ValueError: mat1 and mat2 shapes cannot be multiplied (32x768 and 512x512)' },
  { exit_code: 2, tail: 'error: unrecognized arguments: --confg' },
  { exit_code: 127, tail: 'ffmpeg: command not found' },
];

export function makeTask(id, batch, request, { index = 0, target = '' } = {}) {
  const [node, gpus] = target.split('::');
  const [name, numa] = (node ?? '').split(':');
  return {
    task_id: String(id),
    batch_id: String(batch),
    command: request.command,
    arguments: request.arguments ?? [],
    env_vars: { ...request.env_vars, ...(request.count > 1 ? { HAKURIVER_TASK_INDEX: String(index) } : {}) },
    required_cores: request.required_cores ?? 1,
    required_memory_bytes: request.required_memory_bytes ?? null,
    required_gpus: gpus ? gpus.split(',').map(Number) : [],
    gpu_count: request.gpu_count ?? 0,
    container_name: request.container_name === 'NULL' ? null : (request.container_name ?? 'hakuriver-base'),
    environment_version: '',
    privileged: request.privileged ?? false,
    additional_mounts: request.additional_mounts ?? [],
    working_directory: request.working_directory ?? '',
    priority: request.priority ?? 0,
    strategy: request.strategy ?? null,
    submitted_by: request.submitted_by ?? '',
    status: 'pending',
    target,
    assigned_node: null,
    target_numa_node_id: numa ? Number(numa) : null,
    attempt: 0,
    stdout_path: `/mnt/shared/task_outputs/${id}.out`,
    stderr_path: `/mnt/shared/task_errors/${id}.err`,
    exit_code: null,
    signal: null,
    end_reason: null,
    error_message: '',
    progress: '',
    waiting_reason: 'Just submitted.',
    warnings: [],
    kill_requested: false,
    submitted_at: new Date().toISOString(),
    started_at: null,
    completed_at: null,
    peak_memory_bytes: null,
    cpu_time_us: null,
    wants: name || null,
    seconds: request.seconds ?? 30,
  };
}

/** Why `task` does not fit on `node` now; empty when it does. */
export function misfit(task, node) {
  if (task.wants && task.wants !== node.hostname) return `not the target: the task asks for ${task.wants}`;
  if (node.status !== 'online') return 'offline for 3 m';
  if (node.drained) return 'drained: it finishes what runs and takes nothing new';
  if (task.container_name && !node.executors[0].available) return 'offers no Docker engine';
  if (node.available_cores < task.required_cores)
    return `${node.available_cores} of ${node.total_cores} cores free, needs ${task.required_cores}`;
  const free = node.memory_total_bytes - node.memory_reserved_bytes;
  if (free < (task.required_memory_bytes ?? 0))
    return `${Math.round(free / 1e9)} GB memory free, needs ${Math.round(task.required_memory_bytes / 1e9)} GB`;
  return gpuMisfit(task, node);
}

function gpuMisfit(task, node) {
  const open = node.gpu_info.filter((gpu) => !gpu.task_id && gpu.healthy);
  const busy = task.required_gpus.filter((id) => !open.some((gpu) => gpu.gpu_id === id));
  if (busy.length) return `GPU ${busy.join(',')} is in use`;
  const needs = task.required_gpus.length ? 0 : task.gpu_count;
  return open.length < needs ? `${open.length} of ${node.gpu_info.length} GPUs free, needs ${needs}` : '';
}

export function reserve(task, node) {
  const named = task.required_gpus.length > 0;
  const open = node.gpu_info.filter((gpu) => !gpu.task_id && gpu.healthy).map((gpu) => gpu.gpu_id);
  task.required_gpus = named ? task.required_gpus : open.slice(0, task.gpu_count);
  account(node, task, 1);
  for (const gpu of node.gpu_info) if (task.required_gpus.includes(gpu.gpu_id)) gpu.task_id = task.task_id;
  node.tasks = [...node.tasks, task.task_id];
}

export function release(task, node) {
  account(node, task, -1);
  for (const gpu of node.gpu_info) {
    if (gpu.task_id !== task.task_id) continue;
    gpu.task_id = null;
    gpu.processes = gpu.processes.filter((process) => process.task_id === null);
  }
  node.tasks = node.tasks.filter((id) => id !== task.task_id);
}

function account(node, task, sign) {
  node.cores_in_use += sign * task.required_cores;
  node.available_cores = node.total_cores - node.cores_in_use;
  node.memory_reserved_bytes += sign * (task.required_memory_bytes ?? 0);
}

/** How a task that has run its time ends. */
export function endOf(task, random) {
  const cpu = Math.round(task.seconds * task.required_cores * 0.8 * 1e6);
  const peak = Math.round((task.required_memory_bytes ?? 1e9) * random.between(0.3, 0.95));
  if (random.chance(0.86))
    return {
      status: 'completed',
      exit_code: 0,
      end_reason: 'exited',
      cpu_time_us: cpu,
      peak_memory_bytes: peak,
    };
  if (random.chance(0.25)) {
    const limit = task.required_memory_bytes ?? 1e9;
    return {
      status: 'killed_oom',
      exit_code: 137,
      signal: 9,
      end_reason: 'oom',
      cpu_time_us: cpu,
      peak_memory_bytes: limit,
      error_message: `Out of memory: the limit was ${limit / 1e9} GB and the task asked for more.`,
    };
  }
  const failure = random.pick(FAILURES);
  return {
    status: 'failed',
    exit_code: failure.exit_code,
    end_reason: 'exited',
    cpu_time_us: cpu,
    peak_memory_bytes: peak,
    error_message: failure.tail,
  };
}

/** Tasks that have long ended, to fill a history of any length. */
export function pastTask(id, request, { random, nodes, minutesAgo }) {
  const task = makeTask(id, request.batch ?? id, request);
  const ended = Date.now() - minutesAgo * 60_000;
  const node = random.pick(nodes);
  const gpus = Math.min(task.gpu_count, node.gpu_info.length);
  Object.assign(task, endOf(task, random), {
    assigned_node: node.hostname,
    attempt: 1,
    waiting_reason: '',
    required_gpus: Array.from({ length: gpus }, (_, gpu) => gpu),
    environment_version: task.container_name ? '1763900000' : '',
    submitted_by: request.submitted_by ?? random.pick(USERS),
    submitted_at: new Date(ended - task.seconds * 1000 - 4000).toISOString(),
    started_at: new Date(ended - task.seconds * 1000).toISOString(),
    completed_at: new Date(ended).toISOString(),
  });
  return task;
}

export const viewOf = ({ wants: _wants, seconds: _seconds, ...view }) => view;
