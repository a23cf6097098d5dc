import { shallowRef, type ShallowRef } from 'vue';
import type { TaskView } from '@/api/task';
import { matches, type TaskFilter } from './filter';

/**
 * The loaded part of the Host's list, newest first, without any network: pages go in at the end, events change what
 * is there. Every row has a ref of its own, so that an event redraws only its row.
 */
export class TaskRows {
  readonly ids = shallowRef<readonly string[]>([]);
  /** Newer tasks that events brought while the reader was further down. */
  readonly arrivals = shallowRef<readonly string[]>([]);
  readonly total = shallowRef(0);
  private readonly views = new Map<string, ShallowRef<TaskView>>();

  constructor(private filter: TaskFilter) {}

  get(id: string): ShallowRef<TaskView> | undefined {
    return this.views.get(id);
  }

  restart(filter: TaskFilter): void {
    this.filter = filter;
    this.views.clear();
    this.ids.value = [];
    this.arrivals.value = [];
    this.total.value = 0;
  }

  /** The next page. Tasks that an event brought first are not doubled. */
  append(tasks: readonly TaskView[], total: number): void {
    const fresh = tasks.filter((task) => !this.views.has(task.task_id));
    for (const task of tasks) this.put(task);
    this.ids.value = [...this.ids.value, ...fresh.map((task) => task.task_id)];
    this.total.value = Math.max(total, this.ids.value.length);
  }

  /** What an event says has changed. With `show`, newer tasks are put on top at once. */
  change(tasks: readonly TaskView[], show: boolean): void {
    const gone = new Set<string>();
    const fresh: string[] = [];
    for (const task of tasks) {
      const known = this.views.has(task.task_id);
      const wanted = matches(task, this.filter);
      if (known && !wanted) gone.add(task.task_id);
      if (known || (wanted && this.isNewer(task))) this.put(task);
      if (!known && wanted && this.isNewer(task)) fresh.push(task.task_id);
    }
    if (gone.size) this.remove(gone);
    if (fresh.length) this.arrive(fresh);
    if (show && this.arrivals.value.length) this.showArrivals();
  }

  showArrivals(): void {
    this.ids.value = [...this.arrivals.value, ...this.ids.value];
    this.arrivals.value = [];
  }

  private put(task: TaskView): void {
    const known = this.views.get(task.task_id);
    if (known) known.value = task;
    else this.views.set(task.task_id, shallowRef(task));
  }

  private arrive(fresh: string[]): void {
    this.arrivals.value = [...fresh.sort(newestFirst), ...this.arrivals.value].sort(newestFirst);
    this.total.value += fresh.length;
  }

  private remove(gone: ReadonlySet<string>): void {
    this.ids.value = this.ids.value.filter((id) => !gone.has(id));
    this.arrivals.value = this.arrivals.value.filter((id) => !gone.has(id));
    for (const id of gone) this.views.delete(id);
    this.total.value = Math.max(0, this.total.value - gone.size);
  }

  /** Older tasks that begin to match appear when their page is fetched: their place is not known before. */
  private isNewer(task: TaskView): boolean {
    const top = this.ids.value[0];
    return top === undefined || Number(task.task_id) > Number(top);
  }
}

const newestFirst = (a: string, b: string): number => Number(b) - Number(a);
