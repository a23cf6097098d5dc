import { computed, onMounted, ref, watch, type Ref } from 'vue';
import { sentenceOf } from '@/api/http';
import type { TaskView } from '@/api/task';
import { listTasks } from '@/api/tasks';
import { useLive } from '@/live/useLive';
import { useRefresh } from '@/live/useRefresh';
import type { TaskFilter } from './filter';
import { TaskRows } from './list';

const PAGE = 200;
/** The most the Host gives at once. */
const LARGEST_PAGE = 1000;
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
  /** What events said while a page was on its way, which may be older. */
  let meanwhile: TaskView[] = [];

  const complete = computed(() => started.value && next.value === null);
  const capped = computed(() => next.value !== null && rows.ids.value.length >= MOST_LOADED);

  async function fetchPage(limit: number, after?: string): Promise<void> {
    loading.value = true;
    meanwhile = [];
    const { signal } = abort;
    try {
      const page = await listTasks({ ...filter.value, limit, after }, signal);
      if (after === undefined) rows.restart(filter.value);
      rows.append(page.tasks, page.total);
      rows.change(meanwhile, atTop());
      next.value = page.next;
      problem.value = '';
    } catch (failure) {
      if (signal.aborted) return;
      problem.value = sentenceOf(failure);
    }
    loading.value = false;
    started.value = true;
  }

  function restart(limit = PAGE): Promise<void> {
    abort.abort();
    abort = new AbortController();
    return fetchPage(limit);
  }

  /** Everything afresh, about as far down as it was loaded. */
  const refresh = (): Promise<void> => restart(Math.min(LARGEST_PAGE, Math.max(PAGE, rows.ids.value.length)));

  /** The next page; a large one where most of it will be folded away. */
  async function more(large = false): Promise<void> {
    if (loading.value || capped.value || next.value === null || problem.value) return;
    await fetchPage(large ? LARGEST_PAGE : PAGE, next.value);
  }

  onMounted(() => restart());
  watch(filter, () => restart());
  useRefresh(refresh);
  useLive('tasks', ({ tasks }) => {
    if (loading.value) meanwhile.push(...tasks);
    rows.change(tasks, atTop());
  });

  return { rows, loading, problem, started, complete, capped, more, restart };
}
