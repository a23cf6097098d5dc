import { describe, expect, it } from 'vitest';
import { phaseLength, phasesOf } from './phases';
import { aTask } from './testing';

const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();
const lengths = (part: object, assigned?: number) => {
  const events =
    assigned === undefined ? [] : [{ at: at(assigned), kind: 'assigned', node: 'kawa', detail: '' }];
  const now = Date.parse(at(30));
  return phasesOf(aTask({ submitted_at: at(0), ...part }), events).map((phase) => phaseLength(phase, now));
};

describe('phasesOf', () => {
  it('counts waiting on', () => expect(lengths({})).toEqual([30_000, null, null, null]));
  it('counts preparing on', () =>
    expect(lengths({ assigned_node: 'kawa' }, 4)).toEqual([4000, 26_000, null, null]));
  it('knows all of a finished task', () => {
    const part = { assigned_node: 'kawa', started_at: at(6), completed_at: at(20) };
    expect(lengths(part, 4)).toEqual([4000, 2000, 14_000, null]);
  });
  it('ends waiting when a task is killed in the queue', () => {
    expect(lengths({ completed_at: at(9) })).toEqual([9000, null, null, null]);
  });
});
