import { computed, onMounted, ref, watch, type Ref } from 'vue';
import { sentenceOf } from '@/api/http';
import { listTasks } from '@/api/tasks';
import { useLive } from '@/live/useLive';
import type { TaskFilter } from './filter';
import { TaskRows } from './list';

const PAGE = 200;
/** Further down nobody scrolls: a filter finds what is sought. */
export const MOST_LOADED = 20_000;

/**
 * The Host's task list under a filter: pages are fetched as the reader comes near the end, events keep it current.
 * `atTop` says whether new tasks may move the rows.
 */
export function useTaskList(filter: Ref<TaskFilter>, atTop: () => boolean) {
  const rows = new TaskRows(filter.value);
  const loading = ref(false);
  const problem = ref('');
  const next = ref<string | null>(null);
  const started = ref(false);
  let abort = new AbortController();

  const complete = computed(() => started.value && next.value === null);
  const capped = computed(() => next.value !== null && rows.ids.value.length >= MOST_LOADED);

  async function fetchPage(after?: string): Promise<void> {
    loading.value = true;
    const { signal } = abort;
    try {
      const page = await listTasks({ ...filter.value, limit: PAGE, after }, signal);
      if (after === undefined) rows.restart(filter.value);
      rows.append(page.tasks, page.total);
      next.value = page.next;
      problem.value = '';
    } catch (failure) {
      if (signal.aborted) return;
      problem.value = sentenceOf(failure);
    }
    loading.value = false;
    started.value = true;
  }

  function restart(): Promise<void> {
    abort.abort();
    abort = new AbortController();
    return fetchPage();
  }

  async function more(): Promise<void> {
    if (loading.value || capped.value || next.value === null || problem.value) return;
    await fetchPage(next.value);
  }

  onMounted(restart);
  watch(filter, restart);
  useLive('hello', () => void restart());
  useLive('resync', () => void restart());
  useLive('tasks', ({ tasks }) => rows.change(tasks, atTop()));

  return { rows, loading, problem, started, complete, capped, more, restart };
}
