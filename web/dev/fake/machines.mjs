/** The machines of the fake cluster and how their readings wander. */

const GB = 1e9;
const KINDS = [
  { cores: 64, memory: 512 * GB, gpus: 8, gpu: 'NVIDIA H200', gpuMib: 143771, power: 700_000, numa: 2 },
  { cores: 48, memory: 256 * GB, gpus: 4, gpu: 'NVIDIA RTX A6000', gpuMib: 49140, power: 300_000, numa: 2 },
  {
    cores: 32,
    memory: 128 * GB,
    gpus: 2,
    gpu: 'NVIDIA GeForce RTX 4090',
    gpuMib: 24564,
    power: 450_000,
    numa: 1,
  },
  { cores: 16, memory: 64 * GB, gpus: 0, numa: 1 },
];
const NAMES = ['kawa', 'mizu', 'taki', 'nagare', 'izumi', 'umi', 'ame', 'kumo'];

export function makeNodes({ count, gpus, random }) {
  return Array.from({ length: count }, (_, index) => makeNode(index, gpus, random));
}

function makeNode(index, gpus, random) {
  const kind = KINDS[index % KINDS.length];
  const gpuCount = gpus ?? kind.gpus;
  const name =
    NAMES[index % NAMES.length] + (index >= NAMES.length ? Math.floor(index / NAMES.length) + 1 : '');
  return {
    hostname: name,
    url: `10.0.0.${index + 11}`,
    status: 'online',
    drained: false,
    version: '0.1.0',
    total_cores: kind.cores,
    cores_in_use: 0,
    available_cores: kind.cores,
    memory_total_bytes: kind.memory,
    memory_reserved_bytes: 0,
    memory_used_bytes: kind.memory * 0.1,
    memory_percent: 10,
    cpu_percent: 4,
    current_avg_temp: 38,
    current_max_temp: 41,
    last_heartbeat: new Date().toISOString(),
    numa_topology: numaOf(kind),
    gpu_info: Array.from({ length: gpuCount }, (_, gpu) =>
      makeGpu(gpu, gpuCount === kind.gpus ? kind : KINDS[0], random),
    ),
    executors: executorsOf(index),
    tasks: [],
  };
}

function numaOf({ cores, memory, numa }) {
  const each = cores / numa;
  const range = (node) => Array.from({ length: each }, (_, core) => node * each + core);
  return Object.fromEntries(
    Array.from({ length: numa }, (_, node) => [
      String(node),
      {
        cores: range(node),
        memory_bytes: memory / numa,
        cores_in_use: node * 4,
        memory_reserved_bytes: (node * memory) / 16,
        available_cores: each - node * 4,
      },
    ]),
  );
}

function executorsOf(index) {
  const noSystemd = index % 5 === 4;
  return [
    {
      name: 'docker',
      available: index % 7 !== 6,
      problem: index % 7 === 6 ? 'The Docker engine does not answer on /var/run/docker.sock.' : '',
      warnings: [],
    },
    {
      name: 'systemd',
      available: !noSystemd,
      problem: noSystemd ? 'This machine was not started by systemd.' : '',
      warnings: [],
    },
    {
      name: 'process',
      available: true,
      problem: '',
      warnings: noSystemd ? ['Memory limits are not enforced: no writable memory cgroup.'] : [],
    },
  ];
}

function makeGpu(id, kind, random) {
  return {
    gpu_id: id,
    uuid: `GPU-${random.whole(1e8, 9e8).toString(16)}-${id}`,
    name: kind.gpu,
    vendor: 'nvidia',
    driver_version: '570.86.15',
    pci_bus_id: `00000000:${(0x1a + id * 0x10).toString(16).toUpperCase()}:00.0`,
    healthy: true,
    problem: '',
    gpu_utilization: 0,
    mem_utilization: 0,
    graphics_clock_mhz: 345,
    mem_clock_mhz: 2619,
    memory_total_mib: kind.gpuMib,
    memory_used_mib: 512,
    memory_free_mib: kind.gpuMib - 512,
    temperature: 34,
    fan_speed: -1,
    power_usage_mw: Math.round(kind.power * 0.12),
    power_limit_mw: kind.power,
    task_id: null,
    processes: [],
  };
}

/** One second passes on a node. `load` is the share of its cores that tasks keep busy. */
export function wander(node, load, random, users) {
  if (node.status !== 'online') return;
  const toward = (value, goal, speed, noise) =>
    value + (goal - value) * speed + random.between(-noise, noise);
  const clamp = (value, high = 100) => Math.min(high, Math.max(0, value));
  node.cpu_percent = clamp(toward(node.cpu_percent, 3 + load * 88, 0.25, 4));
  node.memory_percent = clamp(
    toward(node.memory_percent, 8 + (node.memory_reserved_bytes / node.memory_total_bytes) * 70, 0.1, 0.6),
  );
  node.memory_used_bytes = Math.round((node.memory_percent / 100) * node.memory_total_bytes);
  node.current_avg_temp =
    Math.round(toward(node.current_avg_temp, 36 + node.cpu_percent * 0.38, 0.12, 0.4) * 10) / 10;
  node.current_max_temp = Math.round((node.current_avg_temp + 4 + random.between(0, 1)) * 10) / 10;
  node.last_heartbeat = new Date().toISOString();
  node.gpu_info = node.gpu_info.map((gpu) => wanderGpu(gpu, { random, users, toward, clamp }));
}

function wanderGpu(before, { random, users, toward, clamp }) {
  const gpu = { ...before };
  const foreign = gpu.processes.some((process) => process.task_id === null);
  const goal = gpu.task_id ? 82 + (gpu.gpu_id % 3) * 7 : foreign ? 35 : 0;
  gpu.gpu_utilization = goal ? Math.round(clamp(toward(gpu.gpu_utilization, goal, 0.35, 9))) : 0;
  const memoryGoal = gpu.task_id ? 0.72 : foreign ? 0.3 : 0.004;
  gpu.memory_used_mib = Math.round(
    clamp(toward(gpu.memory_used_mib, gpu.memory_total_mib * memoryGoal, 0.3, 40), gpu.memory_total_mib),
  );
  gpu.memory_free_mib = gpu.memory_total_mib - gpu.memory_used_mib;
  gpu.mem_utilization = Math.round(gpu.gpu_utilization * 0.6);
  gpu.temperature = Math.round(toward(gpu.temperature, 33 + gpu.gpu_utilization * 0.42, 0.2, 0.6));
  gpu.power_usage_mw = Math.round(gpu.power_limit_mw * (0.1 + gpu.gpu_utilization * 0.0085));
  gpu.graphics_clock_mhz = gpu.gpu_utilization > 5 ? 1980 : 345;
  gpu.processes = processesOf(gpu, random, users);
  return gpu;
}

function processesOf(gpu, random, users) {
  const foreign = gpu.processes.filter((process) => process.task_id === null);
  if (!gpu.task_id) return foreign;
  const own = gpu.processes.find((process) => process.task_id === gpu.task_id);
  const memory = Math.round(gpu.memory_used_mib * 0.97) * 1024 * 1024;
  const fresh = {
    pid: random.whole(20_000, 90_000),
    user: random.pick(users),
    command: 'python train.py',
    task_id: gpu.task_id,
  };
  return [{ ...(own ?? fresh), memory_bytes: memory }, ...foreign];
}
