import { describe, expect, it } from 'vitest';
import { NO_FILTER } from './filter';
import { foldBatches } from './fold';
import { TaskRows } from './list';
import { aTask } from './testing';

const task = (id: number, part = {}) => aTask({ task_id: String(id), ...part });

function loaded(filter = NO_FILTER): TaskRows {
  const rows = new TaskRows(filter);
  rows.append([task(5), task(4), task(3)], 9);
  return rows;
}

describe('TaskRows', () => {
  it('appends pages without doubling what it has', () => {
    const rows = loaded();
    rows.append([task(3), task(2)], 9);
    expect(rows.ids.value).toEqual(['5', '4', '3', '2']);
    expect(rows.total.value).toBe(9);
  });

  it('changes a row in place', () => {
    const rows = loaded();
    const view = rows.get('4');
    rows.change([task(4, { status: 'running' })], true);
    expect(view?.value.status).toBe('running');
    expect(rows.ids.value).toEqual(['5', '4', '3']);
  });

  it('puts newer tasks on top, newest first', () => {
    const rows = loaded();
    rows.change([task(6), task(7)], true);
    expect(rows.ids.value).toEqual(['7', '6', '5', '4', '3']);
    expect(rows.total.value).toBe(11);
  });

  it('keeps newer tasks back while the reader is further down', () => {
    const rows = loaded();
    rows.change([task(6)], false);
    expect(rows.ids.value).toEqual(['5', '4', '3']);
    rows.change([task(6, { status: 'running' })], false);
    expect(rows.arrivals.value).toEqual(['6']);
    rows.showArrivals();
    expect(rows.ids.value[0]).toBe('6');
    expect(rows.get('6')?.value.status).toBe('running');
  });

  it('drops a task that stops matching', () => {
    const rows = loaded({ ...NO_FILTER, status: ['pending'] });
    rows.change([task(4, { status: 'completed' })], true);
    expect(rows.ids.value).toEqual(['5', '3']);
    expect(rows.total.value).toBe(8);
  });

  it('leaves out changes of older tasks whose page has not come', () => {
    const rows = loaded();
    rows.change([task(1)], true);
    expect(rows.ids.value).toEqual(['5', '4', '3']);
    expect(rows.get('1')).toBeUndefined();
  });
});

describe('foldBatches', () => {
  const batches: Record<string, string> = { 6: 'b', 5: 'b', 4: 'a', 3: 'c', 2: 'c' };
  const ids = ['6', '5', '4', '3', '2'];
  const shape = (open: string[]) =>
    foldBatches(ids, (id) => batches[id] ?? '', new Set(open)).map((line) =>
      line.kind === 'batch' ? `${line.batch}(${line.ids.length})` : line.id,
    );

  it('folds neighbours of one batch', () => expect(shape([])).toEqual(['b(2)', '4', 'c(2)']));
  it('lists the tasks of an open batch', () => expect(shape(['c'])).toEqual(['b(2)', '4', 'c(2)', '3', '2']));
});
