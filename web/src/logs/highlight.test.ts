import { expect, it } from 'vitest';
import { PLAIN, parseAnsi } from './ansi';
import { markHits } from './highlight';

const shape = (line: string, matcher: RegExp | null) =>
  markHits(parseAnsi(line).runs, matcher).map(({ text, hit }) => (hit ? `[${text}]` : text));

it('marks hits', () => expect(shape('one two one', /one/gi)).toEqual(['[one]', ' two ', '[one]']));
it('marks across styles', () => expect(shape('ab\x1b[31mcd', /bc/gi)).toEqual(['a', '[b]', '[c]', 'd']));
it('marks nothing without a search', () =>
  expect(markHits([{ text: 'x', style: PLAIN }], null)[0]?.hit).toBe(false));
it('survives empty matches', () => expect(shape('abc', /x*/gi)).toEqual(['abc']));
