import { expect, it } from 'vitest';
import { LogTimes } from './times';

const iso = (second: number) => new Date(second * 1000).toISOString();

it('a byte was written by the first mark that is behind it', () => {
  const times = new LogTimes(5, [
    { size: 10, at: iso(1) },
    { size: 20, at: iso(2) },
    { size: 21, at: iso(3) },
  ]);
  expect([4, 5, 9, 10, 19, 20, 21, 500].map((offset) => times.at(offset))).toEqual([
    undefined,
    1000,
    1000,
    2000,
    2000,
    3000,
    undefined,
    undefined,
  ]);
  expect(new LogTimes().at(0)).toBeUndefined();
});
