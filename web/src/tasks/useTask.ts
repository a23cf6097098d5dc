import { onMounted, onScopeDispose, ref, shallowRef } from 'vue';
import { ApiError, sentenceOf } from '@/api/http';
import type { Explanation, TaskHistory, TaskView } from '@/api/task';
import { explainTask, getHistory, getTask } from '@/api/tasks';
import { useLive } from '@/live/useLive';
import { useRefresh } from '@/live/useRefresh';

const WAITS = new Set(['pending', 'lost']);
/** Why a task waits changes with every node's news; it is asked for no more often than this. */
const EXPLAIN_MS = 3000;

/** One task with its history and, while it waits, the reasons; kept current by events. */
export function useTask(id: string) {
  const task = shallowRef<TaskView | null>(null);
  const history = shallowRef<TaskHistory>({ attempts: [], events: [] });
  const explanation = shallowRef<Explanation | null>(null);
  const missing = ref(false);
  const problem = ref('');
  const abort = new AbortController();
  let explainedAt = 0;

  async function refresh(): Promise<void> {
    try {
      const before = task.value;
      const fetched = await getTask(id, abort.signal);
      if (task.value === before) task.value = fetched; // else an event was quicker, and is newer
      problem.value = '';
      await refreshAround();
    } catch (failure) {
      if (abort.signal.aborted) return;
      missing.value = failure instanceof ApiError && failure.status === 404;
      problem.value = sentenceOf(failure);
    }
  }

  async function refreshAround(): Promise<void> {
    history.value = await getHistory(id, abort.signal);
    await explain();
  }

  async function explain(): Promise<void> {
    explainedAt = Date.now();
    const waits = task.value !== null && WAITS.has(task.value.status);
    explanation.value = waits ? await explainTask(id, abort.signal) : null;
  }

  const quietly = (work: Promise<void>): void => void work.catch(() => undefined); // a loss is told by the banner

  onMounted(() => quietly(refresh()));
  useRefresh(refresh);
  useLive('tasks', ({ tasks }) => {
    const changed = tasks.find((one) => one.task_id === id);
    if (!changed) return;
    task.value = changed;
    quietly(refreshAround());
  });
  useLive('nodes', () => {
    if (explanation.value && Date.now() - explainedAt > EXPLAIN_MS) quietly(explain());
  });
  onScopeDispose(() => abort.abort());

  return { task, history, explanation, missing, problem };
}
