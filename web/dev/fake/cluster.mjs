/** The living state of the fake cluster. Emits what the event stream sends. */
import { EventEmitter } from 'node:events';
import { makeHour } from './hour.mjs';
import { makeNodes, wander } from './machines.mjs';
import { endOf, FINAL, makeTask, misfit, pastTask, release, reserve, viewOf } from './tasks.mjs';
import { seeded } from './random.mjs';
import { expandSweep } from './sweep.mjs';
import { randomRequest, USERS } from './workload.mjs';

const SAMPLES = 60;
const MOST_PER_EVENT = 500;

export class Cluster extends EventEmitter {
  constructor({ nodes = 8, gpus, tasks = 400, traffic = 0.15, seed = 7 } = {}) {
    super();
    this.setMaxListeners(0);
    this.random = seeded(seed);
    this.nodes = makeNodes({ count: nodes, gpus, random: this.random });
    this.tasks = new Map();
    this.events = new Map();
    this.history = { nodes: [], aggregate: [] };
    this.lastId = 0;
    this.changed = new Set();
    this.#fill(tasks);
    this.#decorate();
    this.traffic = 0;
    for (let second = 0; second < SAMPLES; second++) this.tick(false);
    this.traffic = traffic;
    this.hour = makeHour(this.history.aggregate[0], this.random);
  }

  get(id) {
    return this.tasks.get(id);
  }

  node(name) {
    return this.nodes.find((node) => node.hostname === name);
  }

  submit(request) {
    const targets = request.targets?.length ? request.targets : [''];
    const batch = this.lastId + 1;
    const ids = [];
    for (const target of targets) {
      const lists = request.sweep ? expandSweep(request.arguments) : [request.arguments];
      for (let index = 0; index < (request.count ?? 1) * lists.length; index++) {
        const own = { ...request, arguments: lists[index % lists.length] };
        const task = makeTask(++this.lastId, batch, own, { index, target });
        this.tasks.set(task.task_id, task);
        this.note(task, 'submitted', request.submitted_by ? `by ${request.submitted_by}` : '');
        ids.push(task.task_id);
      }
    }
    this.#place();
    return { ids, batch: String(batch) };
  }

  /** Something happened to the task: goes into its history and to everyone who listens. */
  note(task, kind, detail = '') {
    const list = this.events.get(task.task_id) ?? [];
    list.push({ at: new Date().toISOString(), kind, node: task.assigned_node ?? '', detail });
    this.events.set(task.task_id, list);
    this.changed.add(task.task_id);
  }

  end(task, outcome) {
    const node = this.node(task.assigned_node);
    if (node) release(task, node);
    Object.assign(task, outcome, {
      completed_at: new Date().toISOString(),
      waiting_reason: '',
      progress: '',
    });
    this.note(task, task.status, task.error_message);
  }

  /** Sends what changed since the last call. */
  flush() {
    if (!this.changed.size) return;
    const ids = [...this.changed];
    this.changed.clear();
    if (ids.length > MOST_PER_EVENT) this.emit('push', 'resync', {});
    else this.emit('push', 'tasks', { tasks: ids.map((id) => viewOf(this.tasks.get(id))) });
  }

  tick(push = true) {
    this.#advance();
    if (this.random.chance(this.traffic) && this.#count('pending') < 40)
      this.submit(randomRequest(this.random));
    this.#place();
    for (const node of this.nodes) wander(node, node.cores_in_use / node.total_cores, this.random, USERS);
    const sample = this.#sample();
    if (!push) return;
    this.emit('push', 'nodes', { nodes: this.nodes });
    this.emit('push', 'cluster', this.view());
    this.emit('push', 'health', { aggregate: sample.aggregate });
  }

  view() {
    const online = this.nodes.filter((node) => node.status === 'online');
    const sum = (pick) => online.reduce((total, node) => total + pick(node), 0);
    return {
      version: '0.1.0',
      now: new Date().toISOString(),
      nodes_online: online.length,
      nodes_total: this.nodes.length,
      cores_total: sum((node) => node.total_cores),
      cores_in_use: sum((node) => node.cores_in_use),
      memory_total_bytes: sum((node) => node.memory_total_bytes),
      memory_reserved_bytes: sum((node) => node.memory_reserved_bytes),
      gpus_total: sum((node) => node.gpu_info.length),
      gpus_in_use: sum((node) => node.gpu_info.filter((gpu) => gpu.task_id).length),
      tasks: this.#counts(),
      default_container: 'hakuriver-base',
      default_strategy: 'best-fit',
    };
  }

  #counts() {
    const counts = {};
    for (const task of this.tasks.values()) counts[task.status] = (counts[task.status] ?? 0) + 1;
    return counts;
  }

  #count(status) {
    let count = 0;
    for (const task of this.#active()) if (task.status === status) count++;
    return count;
  }

  #active() {
    return [...this.tasks.values()].slice(-600).filter((task) => !FINAL.has(task.status));
  }

  #advance() {
    for (const task of this.#active()) {
      if (task.status === 'assigning') this.#prepare(task);
      else if (task.status === 'running') this.#run(task);
    }
  }

  #prepare(task) {
    const step = (task.prepared = (task.prepared ?? 0) + 1);
    if (task.container_name && step < 3) {
      task.progress = `Loading ${task.container_name}: ${step * 41}% of 1.2 GB`;
      return this.note(task, 'syncing', task.progress);
    }
    Object.assign(task, { status: 'running', progress: '', started_at: new Date().toISOString() });
    return this.note(task, 'running');
  }

  #run(task) {
    const ran = (Date.now() - Date.parse(task.started_at)) / 1000;
    if (ran > task.seconds) this.end(task, endOf(task, this.random));
  }

  #place() {
    for (const task of this.#active()) {
      if (task.status !== 'pending') continue;
      const fitting = this.nodes.filter((node) => !misfit(task, node));
      if (fitting.length) this.#assign(task, leastLoaded(fitting));
      else task.waiting_reason = `${this.nodes[0].hostname}: ${misfit(task, this.nodes[0])}`;
    }
  }

  #assign(task, node) {
    reserve(task, node);
    Object.assign(task, {
      status: 'assigning',
      assigned_node: node.hostname,
      attempt: task.attempt + 1,
      waiting_reason: '',
    });
    if (task.container_name) task.environment_version = '1763900000';
    this.note(task, 'assigned', `attempt ${task.attempt}`);
  }

  #sample() {
    const online = this.nodes.filter((node) => node.status === 'online');
    const mean = (list) => (list.length ? list.reduce((a, b) => a + b, 0) / list.length : 0);
    const sum = (pick) => online.reduce((total, node) => total + pick(node), 0);
    const gpus = online.flatMap((node) => node.gpu_info.map((gpu) => gpu.gpu_utilization));
    const aggregate = {
      totalNodes: this.nodes.length,
      onlineNodes: online.length,
      totalCores: sum((node) => node.total_cores),
      totalMemBytes: sum((node) => node.memory_total_bytes),
      usedMemBytes: sum((node) => node.memory_used_bytes),
      avgCpuPercent: mean(online.map((node) => node.cpu_percent)),
      avgMemPercent: mean(online.map((node) => node.memory_percent)),
      maxAvgCpuTemp: Math.max(...online.map((node) => node.current_avg_temp)),
      maxMaxCpuTemp: Math.max(...online.map((node) => node.current_max_temp)),
      avgGpuPercent: gpus.length ? mean(gpus) : -1,
      lastUpdated: new Date().toISOString(),
    };
    const sample = { nodes: this.nodes.map(healthOf), aggregate };
    this.history.nodes.push(sample.nodes);
    this.history.aggregate.push(aggregate);
    for (const list of Object.values(this.history)) if (list.length > SAMPLES) list.shift();
    return sample;
  }

  #fill(count) {
    for (let left = count; left > 0;) {
      const request = randomRequest(this.random);
      request.batch = this.lastId + 1;
      for (let i = 0; i < request.count && left > 0; i++, left--) {
        const task = pastTask(++this.lastId, request, {
          random: this.random,
          nodes: this.nodes,
          minutesAgo: 1 + left * 1.7,
        });
        this.tasks.set(task.task_id, task);
      }
    }
    for (let i = 0; i < this.nodes.length * 3; i++) this.submit({ ...randomRequest(this.random), count: 1 });
    const big = {
      command: 'python',
      arguments: ['/shared/pretrain.py', '--world-size', '8'],
      gpu_count: 8,
      required_cores: 32,
      container_name: 'torch-2.6',
      submitted_by: 'tanaka',
      seconds: 3000,
    };
    for (let i = 0; i < 3; i++) this.submit(big);
    for (const task of this.#active())
      if (task.status === 'assigning' && this.random.chance(0.8)) this.#startEarlier(task);
  }

  #startEarlier(task) {
    const started = Date.now() - this.random.between(5, task.seconds * 0.7) * 1000;
    Object.assign(task, { status: 'running', started_at: new Date(started).toISOString() });
    task.submitted_at = new Date(started - 9000).toISOString();
    this.events.delete(task.task_id);
  }

  /** One node that is gone, one that is drained, GPUs that others use or that are broken: what a real lab looks like. */
  #decorate() {
    const [first, second] = this.nodes.filter((node) => node.gpu_info.length > 1);
    for (const [node, id] of [
      [first, 1],
      [second, 0],
    ]) {
      const gpu = node?.gpu_info.findLast((one) => !one.task_id) ?? node?.gpu_info[id];
      gpu?.processes.push({
        pid: 41822,
        user: 'guest',
        command: 'jupyter-lab --port 8899',
        memory_bytes: 9.4e9,
        task_id: null,
      });
    }
    const broken = second?.gpu_info.find((gpu) => !gpu.task_id && !gpu.processes.length);
    if (broken)
      Object.assign(broken, {
        healthy: false,
        problem: 'The driver reports that this GPU has fallen off the bus (XID 79).',
      });
    const silent = this.nodes.at(-1);
    if (this.nodes.length > 4) {
      for (const id of silent.tasks) this.#lose(this.tasks.get(id));
      Object.assign(silent, {
        status: 'offline',
        last_heartbeat: new Date(Date.now() - 192_000).toISOString(),
      });
    }
    const paused = this.#active().find((task) => task.status === 'running');
    if (paused) paused.status = 'paused';
  }

  #lose(task) {
    Object.assign(task, {
      status: 'lost',
      error_message: `The node has been silent for 3 m; the task may still be running.`,
    });
  }
}

const leastLoaded = (nodes) =>
  nodes.toSorted((a, b) => a.cores_in_use / a.total_cores - b.cores_in_use / b.total_cores)[0];

const HEALTH_KEYS = [
  'hostname',
  'status',
  'last_heartbeat',
  'cpu_percent',
  'memory_percent',
  'memory_used_bytes',
  'memory_total_bytes',
  'total_cores',
  'numa_topology',
  'current_avg_temp',
  'current_max_temp',
  'gpu_info',
];
const healthOf = (node) => Object.fromEntries(HEALTH_KEYS.map((key) => [key, node[key]]));
