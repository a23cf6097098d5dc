import type { GpuView } from '@/api/node';

export type GpuUse = 'free' | 'task' | 'foreign' | 'broken';

/** Who has a GPU: a task of ours, someone else's process, nobody; or nobody may, for it is broken. */
export function gpuUse(gpu: GpuView): GpuUse {
  if (!gpu.healthy) return 'broken';
  if (gpu.task_id) return 'task';
  return gpu.processes.some((process) => !process.task_id) ? 'foreign' : 'free';
}
