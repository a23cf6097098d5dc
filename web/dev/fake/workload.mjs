/** What people submit to the fake cluster. */

const GB = 1e9;
export const USERS = ['mei', 'tanaka', 'lukas', 'amara', 'sofia'];

const COMMANDS = [
  {
    command: 'python',
    args: (r) => [
      '/shared/train.py',
      '--config',
      `configs/vit-${r.pick(['s', 'b', 'l'])}.yaml`,
      '--seed',
      String(r.whole(1, 99)),
    ],
    gpus: [1, 2, 4],
    cores: 8,
    memory: 64 * GB,
    env: 'torch-2.6',
    seconds: [60, 900],
  },
  {
    command: 'python',
    args: (r) => ['/shared/eval.py', '--checkpoint', `runs/${r.whole(100, 999)}/last.pt`, '--split', 'test'],
    gpus: [1],
    cores: 4,
    memory: 32 * GB,
    env: 'torch-2.6',
    seconds: [20, 180],
  },
  {
    command: 'python',
    args: (r) => ['/shared/tokenize.py', '--shard', `${r.whole(0, 511)}`, '--out', '/shared/tokens'],
    gpus: [0],
    cores: 2,
    memory: 8 * GB,
    env: 'py312',
    seconds: [10, 90],
  },
  {
    command: 'ffmpeg',
    args: (r) => [
      '-i',
      `/shared/raw/clip-${r.whole(1, 900)}.mov`,
      '-c:v',
      'libx264',
      '-crf',
      '20',
      '/shared/out.mp4',
    ],
    gpus: [0],
    cores: 4,
    memory: 4 * GB,
    env: 'hakuriver-base',
    seconds: [15, 120],
  },
  {
    command: 'bash',
    args: (r) => ['-c', `make -j8 test SEED=${r.whole(1, 40)}`],
    gpus: [0],
    cores: 8,
    memory: 16 * GB,
    env: null,
    seconds: [20, 200],
  },
  {
    command: 'Rscript',
    args: () => ['/shared/fit_mixed_model.R', '--bootstrap', '2000'],
    gpus: [0],
    cores: 1,
    memory: 6 * GB,
    env: 'r-4.4',
    seconds: [30, 400],
  },
];

/** A submission of one to many tasks, as a body of POST /api/tasks. */
export function randomRequest(random) {
  const kind = random.pick(COMMANDS);
  const gpus = random.pick(kind.gpus);
  return {
    command: kind.command,
    arguments: kind.args(random),
    required_cores: kind.cores,
    required_memory_bytes: kind.memory,
    gpu_count: gpus,
    container_name: kind.env ?? 'NULL',
    count: random.chance(0.1) ? random.whole(4, 24) : 1,
    priority: random.chance(0.15) ? random.pick([10, 50, -10]) : 0,
    submitted_by: random.pick(USERS),
    env_vars: random.chance(0.4) ? { OMP_NUM_THREADS: String(kind.cores), WANDB_MODE: 'offline' } : {},
    seconds: random.between(...kind.seconds),
  };
}
