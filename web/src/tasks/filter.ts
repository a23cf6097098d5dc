import type { LocationQuery } from 'vue-router';
import { TASK_STATES, type TaskState, type TaskView } from '@/api/task';

/** What the task page is asked to show; kept in the page's address. Empty means any. */
export interface TaskFilter {
  status: TaskState[];
  node: string;
  batch: string;
  container: string;
  user: string;
  q: string;
}

export const NO_FILTER: TaskFilter = { status: [], node: '', batch: '', container: '', user: '', q: '' };

export function filterOf(query: LocationQuery): TaskFilter {
  const text = (key: string): string => [query[key]].flat()[0] ?? '';
  const named = [query.status].flat().flatMap((part) => part?.split(',') ?? []);
  return {
    status: TASK_STATES.filter((state) => named.includes(state)),
    node: text('node'),
    batch: text('batch'),
    container: text('container'),
    user: text('user'),
    q: text('q'),
  };
}

/** The reverse of `filterOf`, without what is empty. */
export function queryOf(filter: TaskFilter): Record<string, string> {
  const pairs = Object.entries({ ...filter, status: filter.status.join(',') });
  return Object.fromEntries(pairs.filter(([, value]) => value !== ''));
}

export const isFiltered = (filter: TaskFilter): boolean => Object.keys(queryOf(filter)).length > 0;

/** Whether the Host would list the task under this filter. */
export function matches(task: TaskView, filter: TaskFilter): boolean {
  return (
    (!filter.status.length || filter.status.includes(task.status)) &&
    (!filter.node || task.assigned_node === filter.node) &&
    (!filter.batch || task.batch_id === filter.batch) &&
    (!filter.container || task.container_name === filter.container) &&
    (!filter.user || task.submitted_by === filter.user) &&
    (!filter.q || textOf(task).includes(filter.q.toLowerCase()))
  );
}

const textOf = (task: TaskView): string => [task.command, ...task.arguments].join(' ').toLowerCase();
