import { flushPromises, mount } from '@vue/test-utils';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { defineComponent, ref } from 'vue';
import type { TaskView } from '@/api/task';
import { live } from '@/live';
import { NO_FILTER } from './filter';
import { aTask } from './testing';
import { useTaskList } from './useTaskList';

/** A Host with tasks 1 to `newest`, as GET /api/tasks pages through them. */
function stubHost(newest: number, asked: string[] = []): void {
  vi.stubGlobal('fetch', (path: string) => {
    asked.push(path);
    const query = new URL(path, 'http://host').searchParams;
    const from = Math.min(newest, Number(query.get('after') ?? newest + 1) - 1);
    const count = Math.min(Number(query.get('limit')), from);
    const tasks = Array.from({ length: count }, (_, index) => aTask({ task_id: String(from - index) }));
    const next = from - count > 0 ? String(from - count + 1) : null;
    return Promise.resolve(Response.json({ tasks, total: newest, next }));
  });
}

function mounted(filter = ref(NO_FILTER)) {
  let list!: ReturnType<typeof useTaskList>;
  const wrapper = mount(
    defineComponent({
      setup() {
        list = useTaskList(filter, () => true);
        return () => null;
      },
    }),
  );
  return { list, wrapper };
}

beforeEach(() => vi.useFakeTimers());
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

it('pages to the end', async () => {
  stubHost(450);
  const { list, wrapper } = mounted();
  await flushPromises();
  expect(list.rows.ids.value).toHaveLength(200);
  await list.more();
  await list.more();
  await list.more();
  expect(list.rows.ids.value).toHaveLength(450);
  expect(list.complete.value).toBe(true);
  wrapper.unmount();
});

it('starts again when the filter changes', async () => {
  const asked: string[] = [];
  stubHost(10, asked);
  const filter = ref(NO_FILTER);
  const { wrapper } = mounted(filter);
  await flushPromises();
  filter.value = { ...NO_FILTER, node: 'kawa' };
  await flushPromises();
  expect(asked.at(-1)).toBe('/api/tasks?node=kawa&limit=200');
  wrapper.unmount();
});

it('fetches once for many resyncs, as much as was loaded', async () => {
  const asked: string[] = [];
  stubHost(900, asked);
  const { list, wrapper } = mounted();
  await flushPromises();
  await list.more();
  const before = asked.length;
  for (let i = 0; i < 20; i++) live.emit('resync', {});
  await vi.advanceTimersByTimeAsync(1100);
  expect(asked.slice(before)).toEqual(['/api/tasks?limit=400']);
  wrapper.unmount();
});

it('does not let a page overwrite what an event said meanwhile', async () => {
  let answer!: (reply: Response) => void;
  vi.stubGlobal('fetch', () => new Promise<Response>((resolve) => (answer = resolve)));
  const { list, wrapper } = mounted();
  live.emit('tasks', { tasks: [aTask({ task_id: '1', status: 'completed' })] });
  const old: TaskView[] = [aTask({ task_id: '1', status: 'running' })];
  answer(Response.json({ tasks: old, total: 1, next: null }));
  await flushPromises();
  expect(list.rows.get('1')?.value.status).toBe('completed');
  wrapper.unmount();
});

it('says why it has nothing', async () => {
  const body = { error: { code: 'unavailable', message: 'The Host is starting.', fields: [] }, detail: '' };
  vi.stubGlobal('fetch', () => Promise.resolve(Response.json(body, { status: 503 })));
  const { list, wrapper } = mounted();
  await flushPromises();
  expect(list.problem.value).toBe('The Host is starting.');
  wrapper.unmount();
});
