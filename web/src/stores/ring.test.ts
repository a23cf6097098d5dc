import { expect, it } from 'vitest';
import { Ring } from './ring';

it('keeps the newest, oldest first', () => {
  const ring = new Ring(3);
  [1, 2, 3, 4].forEach((value) => ring.push(value));
  expect(ring.toArray()).toEqual([2, 3, 4]);
  expect(ring.last()).toBe(4);
});

it('takes unknown readings as gaps', () => {
  const ring = new Ring(4);
  [null, undefined, -1, 0].forEach((value) => ring.push(value));
  expect(ring.toArray()).toEqual([NaN, NaN, NaN, 0]);
});

it('is empty again after clear', () => {
  const ring = new Ring(2);
  ring.push(1);
  ring.clear();
  expect(ring.toArray()).toEqual([]);
  expect(ring.last()).toBeNaN();
});
