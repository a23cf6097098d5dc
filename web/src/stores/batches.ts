import { defineStore } from 'pinia';
import { shallowReactive } from 'vue';
import type { BatchView } from '@/api/task';
import { getBatch } from '@/api/tasks';
import { useLive } from '@/live/useLive';

const REFRESH_MS = 1000;

/** How far batches are; fetched when one is looked at, and again, at most every second, when its tasks change. */
export const useBatches = defineStore('batches', () => {
  const views = shallowReactive(new Map<string, BatchView>());
  const watched = new Set<string>();
  const due = new Set<string>();
  let timer = 0;

  async function refresh(): Promise<void> {
    timer = 0;
    const ids = [...due];
    due.clear();
    for (const id of ids) {
      const view = await getBatch(id).catch(() => null);
      if (view) views.set(id, view);
    }
  }

  function soon(id: string, delay: number): void {
    due.add(id);
    if (!timer) timer = window.setTimeout(() => void refresh(), delay);
  }

  /** The batch as last seen; asks for it when it is new. */
  function look(id: string): BatchView | undefined {
    if (!watched.has(id)) {
      watched.add(id);
      soon(id, 0);
    }
    return views.get(id);
  }

  useLive('tasks', ({ tasks }) => {
    for (const { batch_id: id } of tasks) if (watched.has(id)) soon(id, REFRESH_MS);
  });
  useLive('resync', () => watched.forEach((id) => soon(id, REFRESH_MS)));

  return { look };
});
