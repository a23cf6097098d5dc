/** Environments of the fake Host. Long operations take a few seconds and report on the way. */

const DAY = 86_400;

const STEP_MS = Number(process.env.FAKE_STEP_MS ?? 350);

export function makeEnvironments(nodes) {
  const names = nodes.map((node) => node.hostname);
  const daysAgo = (days) => Math.floor(Date.now() / 1000) - days * DAY;
  const version = (env, at, size, on) => ({
    version: String(at),
    tarball: `/mnt/shared/hakuriver-containers/${env}-${at}.tar`,
    created_at: new Date(at * 1000).toISOString(),
    size_bytes: size,
    nodes: on,
  });
  const container = (image, state, status) => ({ id: '3f9c2a7be81d', image, state, status });
  return [
    {
      name: 'hakuriver-base',
      container: container('python:3.12.10-alpine3.21', 'exited', 'Exited (0) 3 weeks ago'),
      versions: [version('hakuriver-base', daysAgo(22), 61_400_000, names)],
      is_default: true,
      operation: '',
    },
    {
      name: 'torch-2.6',
      container: container('pytorch/pytorch:2.6.0-cuda12.6', 'running', 'Up 5 hours'),
      versions: [
        version('torch-2.6', daysAgo(1), 8_640_000_000, names.slice(0, 5)),
        version('torch-2.6', daysAgo(9), 8_410_000_000, names.slice(0, 3)),
      ],
      is_default: false,
      operation: '',
    },
    {
      name: 'py312',
      container: container('python:3.12-slim', 'running', 'Up 2 days'),
      versions: [version('py312', daysAgo(4), 412_000_000, names.slice(1))],
      is_default: false,
      operation: '',
    },
    {
      name: 'r-4.4',
      container: null,
      versions: [version('r-4.4', daysAgo(31), 1_130_000_000, names.slice(0, 1))],
      is_default: false,
      operation: '',
    },
    {
      name: 'scratch',
      container: container('debian:12', 'exited', 'Exited (137) 6 minutes ago'),
      versions: [],
      is_default: false,
      operation: '',
    },
  ];
}

const SCRIPTS = {
  create: [
    'Resolving the image',
    'Downloading layers',
    'Downloading layers',
    'Downloading layers',
    'Unpacking',
    'Starting the container',
  ],
  package: [
    'Committing the container',
    'Writing layers',
    'Writing layers',
    'Writing layers',
    'Publishing the tarball',
  ],
  import: ['Reading the archive', 'Checking digests', 'Publishing the tarball'],
};

/** The steps of an operation, paced. */
export async function* perform(operation, environment) {
  const steps = SCRIPTS[operation];
  const total = 1_240_000_000;
  for (const [index, message] of steps.entries()) {
    await new Promise((resolve) => setTimeout(resolve, STEP_MS));
    const moving = message.includes('layers');
    yield {
      operation,
      environment,
      message,
      done_bytes: moving ? Math.round((total * index) / (steps.length - 2)) : null,
      total_bytes: moving ? total : null,
      finished: index === steps.length - 1,
      error: '',
    };
  }
}
