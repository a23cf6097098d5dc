import { describe, expect, it } from 'vitest';
import { formatCompact, formatPercent, formatRanges } from './number';
import { formatSize, parseSize, sizeArgument } from './size';
import { formatAge, formatDuration, formatTime } from './time';

describe('sizes', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1 kB'],
    [1_234_567, '1.23 MB'],
    [999_950_000, '1 GB'],
    [512e9, '512 GB'],
  ])('%d bytes read %s', (bytes, text) => expect(formatSize(bytes)).toBe(text));

  it.each([
    ['512M', 512e6],
    ['4g', 4e9],
    ['100', 100],
    [' 1T ', 1e12],
  ])('"%s" means %d', (text, bytes) => expect(parseSize(text)).toBe(bytes));

  it.each(['', '0', '-1G', '1.5G', '512MiB', 'G', '99999999999T', '1e9'])('"%s" is no size', (text) =>
    expect(parseSize(text)).toBeNull(),
  );

  it.each([1, 512e6, 4e9, 1_500_000, 123])('%d survives the command line', (bytes) =>
    expect(parseSize(sizeArgument(bytes))).toBe(bytes),
  );
});

describe('times', () => {
  it.each([
    [40, '40 ms'],
    [4200, '4.2 s'],
    [59_999, '59 s'],
    [187_000, '3 m 07 s'],
    [7_500_000, '2 h 05 m'],
    [442_800_000, '5 d 3 h'],
  ])('%d ms last %s', (ms, text) => expect(formatDuration(ms)).toBe(text));

  it.each([
    [500, 'now'],
    [12_000, '12 s'],
    [3_599_000, '59 m'],
    [90_000_000, '1 d'],
  ])('%d ms are %s ago', (ms, text) => expect(formatAge(ms)).toBe(text));

  it('leaves out what the reader knows', () => {
    const now = new Date(2026, 2, 12, 15, 0, 0);
    expect(formatTime(new Date(2026, 2, 12, 14, 3, 9).toISOString(), now)).toBe('14:03:09');
    expect(formatTime(new Date(2026, 0, 2, 14, 3, 9).toISOString(), now)).toBe('2 Jan 14:03');
    expect(formatTime(new Date(2024, 0, 2, 4, 3, 9).toISOString(), now)).toBe('2 Jan 2024 04:03');
  });
});

describe('numbers', () => {
  it('shortens', () =>
    expect([9999, 12_345, 123_456, 1_200_000].map(formatCompact)).toEqual([
      '9,999',
      '12.3k',
      '123k',
      '1.2M',
    ]));
  it('says that it does not know', () =>
    expect([43.4, -1, NaN].map(formatPercent)).toEqual(['43%', '–', '–']));
  it('folds runs', () => expect(formatRanges([7, 0, 1, 4, 5, 6])).toBe('0,1,4-7'));
});
