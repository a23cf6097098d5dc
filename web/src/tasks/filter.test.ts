import { describe, expect, it } from 'vitest';
import { filterOf, isFiltered, matches, NO_FILTER, queryOf } from './filter';
import { aTask } from './testing';

describe('filterOf', () => {
  it('reads what queryOf wrote', () => {
    const filter = {
      ...NO_FILTER,
      status: ['running' as const, 'failed' as const],
      node: 'kawa',
      q: 'train --lr',
    };
    expect(filterOf(queryOf(filter))).toEqual(filter);
  });
  it('drops states that do not exist', () => {
    expect(filterOf({ status: 'running,dancing' }).status).toEqual(['running']);
  });
  it('leaves nothing in the address when nothing is asked', () => {
    expect(queryOf(NO_FILTER)).toEqual({});
    expect(isFiltered(NO_FILTER)).toBe(false);
  });
});

describe('matches', () => {
  const task = aTask({
    status: 'running',
    assigned_node: 'kawa',
    command: 'python',
    arguments: ['Train.py'],
  });
  it.each([
    [{ status: ['running' as const] }, true],
    [{ status: ['failed' as const] }, false],
    [{ node: 'kawa' }, true],
    [{ node: 'mizu' }, false],
    [{ q: 'train' }, true],
    [{ q: 'n t' }, true],
    [{ q: 'eval' }, false],
    [{ user: 'someone' }, false],
  ])('%j: %s', (part, expected) => {
    expect(matches(task, { ...NO_FILTER, ...part })).toBe(expected);
  });
});
