import { createPinia, setActivePinia } from 'pinia';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { HealthAggregate, HealthNode, NodeView } from '@/api/node';
import { live } from '@/live';
import { SAMPLES, useHealth } from './health';

const aggregate = (cpu: number): HealthAggregate => ({
  totalNodes: 1,
  onlineNodes: 1,
  totalCores: 8,
  totalMemBytes: 1,
  usedMemBytes: 0,
  avgCpuPercent: cpu,
  avgMemPercent: 0,
  maxAvgCpuTemp: null,
  maxMaxCpuTemp: null,
  avgGpuPercent: -1,
  lastUpdated: '',
});
const node = (cpu: number, status = 'online'): HealthNode => ({
  hostname: 'kawa',
  status,
  last_heartbeat: null,
  cpu_percent: cpu,
  memory_percent: 1,
  memory_used_bytes: 0,
  memory_total_bytes: 1,
  total_cores: 8,
  numa_topology: {},
  current_avg_temp: null,
  current_max_temp: null,
  gpu_info: [],
});

/** What the Host sends in a second: the node that has news, and the sample. */
function second(news: HealthNode, sample: HealthAggregate): void {
  live.emit('nodes', { nodes: [news as unknown as NodeView] });
  live.emit('health', { aggregate: sample });
}

beforeEach(() => setActivePinia(createPinia()));
afterEach(() => vi.unstubAllGlobals());

it('keeps a minute', () => {
  const health = useHealth();
  for (let cpu = 0; cpu < SAMPLES + 5; cpu++) second(node(cpu), aggregate(cpu));
  expect(health.trackOf('kawa').cpu.toArray()).toHaveLength(SAMPLES);
  expect(health.trackOf('kawa').cpu.at(0)).toBe(5);
  expect(health.minute.cpu.last()).toBe(SAMPLES + 4);
  expect(health.minute.gpu.last()).toBeNaN();
});

it('leaves a gap where a node was silent', () => {
  const health = useHealth();
  second(node(50), aggregate(50));
  second(node(50, 'offline'), aggregate(0));
  expect(health.trackOf('kawa').cpu.toArray()).toEqual([50, NaN]);
});

it('begins again with what the Host remembers', async () => {
  const health = useHealth();
  second(node(99), aggregate(99));
  const body = { nodes: [[node(1)], [node(2)]], aggregate: [aggregate(1), aggregate(2)] };
  vi.stubGlobal('fetch', () => Promise.resolve(Response.json(body)));
  live.emit('hello', { version: '', now: '' });
  await vi.waitFor(() => expect(health.trackOf('kawa').cpu.toArray()).toEqual([1, 2]));
});

it('has the hour from the Host, and goes on with a sample for every ten seconds', async () => {
  const health = useHealth();
  vi.stubGlobal('fetch', (path: string) => {
    const aggregates = path.includes('range=hour') ? [3, 4, 5] : [1];
    return Promise.resolve(Response.json({ nodes: [], aggregate: aggregates.map(aggregate) }));
  });
  live.emit('hello', { version: '', now: '' });
  await vi.waitFor(() => expect(health.hour.cpu.toArray()).toEqual([3, 4, 5]));
  for (let cpu = 11; cpu <= 25; cpu++) live.emit('health', { aggregate: aggregate(cpu) });
  expect(health.hour.cpu.toArray()).toEqual([3, 4, 5, 20]);
});
