import { defineStore } from 'pinia';
import { markRaw, ref, shallowRef, type Raw } from 'vue';
import type { HealthAggregate, HealthNode } from '@/api/node';
import { getHealth, getHealthHour } from '@/api/nodes';
import { useLive } from '@/live/useLive';
import { useNodes } from './nodes';
import { Ring } from './ring';

export const SAMPLES = 60;
const HOUR_STEP_SECONDS = 10;
const HOUR_SAMPLES = 360;

export interface Track {
  cpu: Ring;
  memory: Ring;
  temperature: Ring;
  gpu: Ring;
}

/** Raw, so that Vue leaves the memory alone. */
const newTrack = (samples: number): Raw<Track> =>
  markRaw({
    cpu: new Ring(samples),
    memory: new Ring(samples),
    temperature: new Ring(samples),
    gpu: new Ring(samples),
  });

/** What a sample takes of a node. */
type Reading = Pick<
  HealthNode,
  'hostname' | 'status' | 'cpu_percent' | 'memory_percent' | 'current_max_temp' | 'gpu_info'
>;

/** Mean utilisation of a node's GPUs, or -1 without a reading. */
export function meanGpu(node: Pick<HealthNode, 'gpu_info'>): number {
  const known = node.gpu_info.map((gpu) => gpu.gpu_utilization).filter((value) => value >= 0);
  return known.length ? known.reduce((sum, value) => sum + value, 0) / known.length : -1;
}

/**
 * The last minute of every node and of the cluster, and the cluster's last hour.
 * Rings are plain memory: components redraw when `tick` changes.
 */
export const useHealth = defineStore('health', () => {
  const current = useNodes();
  const tick = ref(0);
  const aggregate = shallowRef<HealthAggregate | null>(null);
  const minute = newTrack(SAMPLES);
  const hour = newTrack(HOUR_SAMPLES);
  const nodes = new Map<string, Track>();
  const gpus = new Map<string, Ring>();
  let seconds = 0;

  function ring(key: string): Ring {
    let found = gpus.get(key);
    if (!found) gpus.set(key, (found = new Ring(SAMPLES)));
    return found;
  }

  function trackOf(name: string): Track {
    let found = nodes.get(name);
    if (!found) nodes.set(name, (found = newTrack(SAMPLES)));
    return found;
  }

  function addNode(node: Reading): void {
    const online = node.status === 'online';
    const track = trackOf(node.hostname);
    track.cpu.push(online ? node.cpu_percent : NaN);
    track.memory.push(online ? node.memory_percent : NaN);
    track.temperature.push(online ? node.current_max_temp : NaN);
    track.gpu.push(online ? meanGpu(node) : NaN);
    for (const gpu of node.gpu_info) {
      ring(`${node.hostname}/${gpu.gpu_id}`).push(online ? gpu.gpu_utilization : NaN);
    }
  }

  function addAggregate(sample: HealthAggregate, track: Track): void {
    track.cpu.push(sample.avgCpuPercent);
    track.memory.push(sample.avgMemPercent);
    track.temperature.push(sample.maxMaxCpuTemp);
    track.gpu.push(sample.avgGpuPercent);
  }

  function add(sample: { nodes: Reading[]; aggregate: HealthAggregate }): void {
    for (const node of sample.nodes) addNode(node);
    addAggregate(sample.aggregate, minute);
    aggregate.value = sample.aggregate;
  }

  const clear = (track: Track): void => Object.values(track).forEach((values: Ring) => values.clear());

  async function fetchAll(): Promise<void> {
    const [health, past] = await Promise.all([getHealth(), getHealthHour()]);
    [minute, hour, ...nodes.values()].forEach(clear);
    for (const values of gpus.values()) values.clear();
    health.aggregate.forEach((sample, index) => add({ nodes: health.nodes[index] ?? [], aggregate: sample }));
    past.aggregate.forEach((sample) => addAggregate(sample, hour));
    seconds = 0;
    tick.value++;
  }

  useLive('hello', () => void fetchAll().catch(() => undefined));
  useLive('health', ({ aggregate: sample }) => {
    add({ nodes: current.all, aggregate: sample });
    if (++seconds % HOUR_STEP_SECONDS === 0) addAggregate(sample, hour);
    tick.value++;
  });

  const gpuRing = (node: string, gpu: number): Ring => ring(`${node}/${gpu}`);
  return { tick, aggregate, minute, hour, trackOf, gpuRing };
});
