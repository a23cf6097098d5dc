import { onMounted, shallowRef, type ShallowRef } from 'vue';
import { listTasks } from '@/api/tasks';
import type { TaskState, TaskView } from '@/api/task';
import { useLive } from '@/live/useLive';
import { useRefresh } from '@/live/useRefresh';

/** The newest `count` tasks in any of `states`, kept current by events. */
export function useRecent(states: TaskState[], count: number): { tasks: ShallowRef<TaskView[]> } {
  const tasks = shallowRef<TaskView[]>([]);

  async function fetchAll(): Promise<void> {
    tasks.value = (await listTasks({ status: states, limit: count })).tasks;
  }

  function merge(changed: TaskView[]): void {
    const ids = new Set(changed.map((task) => task.task_id));
    const kept = tasks.value.filter((task) => !ids.has(task.task_id));
    const fresh = changed.filter((task) => states.includes(task.status));
    const left = kept.length < tasks.value.length && fresh.length === 0;
    tasks.value = [...kept, ...fresh].sort(newestFirst).slice(0, count);
    if (left && tasks.value.length < count) void fetchAll().catch(() => undefined);
  }

  onMounted(() => fetchAll().catch(() => undefined)); // a loss is told by the banner
  useRefresh(fetchAll);
  useLive('tasks', ({ tasks: changed }) => merge(changed));
  return { tasks };
}

const newestFirst = (a: TaskView, b: TaskView): number => Number(b.task_id) - Number(a.task_id);
