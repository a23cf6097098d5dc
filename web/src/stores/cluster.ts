import { defineStore } from 'pinia';
import { computed, shallowRef } from 'vue';
import type { ClusterView } from '@/api/node';
import { getCluster } from '@/api/nodes';
import type { TaskState } from '@/api/task';
import { useLive } from '@/live/useLive';

/** The numbers at the top. */
export const useCluster = defineStore('cluster', () => {
  const view = shallowRef<ClusterView | null>(null);

  async function fetchView(): Promise<void> {
    view.value = await getCluster();
  }

  useLive('hello', () => void fetchView().catch(() => undefined)); // a loss is told by the connection's banner
  useLive('cluster', (next) => (view.value = next));

  const taskCount = (state: TaskState): number => view.value?.tasks[state] ?? 0;
  const taskTotal = computed(() => Object.values(view.value?.tasks ?? {}).reduce((sum, n) => sum + n, 0));

  return { view, taskCount, taskTotal };
});
