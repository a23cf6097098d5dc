import { describe, expect, it } from 'vitest';
import { hasSpan, parseSweep } from './sweep';

function values(...words: string[]): string[] | string {
  const result = parseSweep(words);
  if (!result.ok) return result.problem;
  return Array.from({ length: result.sweep.count }, (_, index) => result.sweep.at(index).join(' '));
}

// The same cases as the Host's own tests of the grammar.
describe('parseSweep', () => {
  it.each<[string, string[]]>([
    ['span:{1..3}', ['1', '2', '3']],
    ['span:{-1..1}', ['-1', '0', '1']],
    ['span:{0..10..4}', ['0', '4', '8']],
    ['span:{3..1..-1}', ['3', '2', '1']],
    ['span:{ 1 .. 2 }', ['1', '2']],
    ['span:{08..11}', ['08', '09', '10', '11']],
    ['span:{-01..01}', ['-01', '000', '001']],
    ['span:{0.1..0.5..0.1}', ['0.1', '0.2', '0.3', '0.4', '0.5']],
    ['span:{0..1..0.25}', ['0.00', '0.25', '0.50', '0.75', '1.00']],
    ['span:{-0.2..0.1..0.1}', ['-0.2', '-0.1', '0.0', '0.1']],
    ['span:{a..d}', ['a', 'b', 'c', 'd']],
    ['span:{Z..V..-2}', ['Z', 'X', 'V']],
    ['span:[ x , y ]', ['x', 'y']],
    ['span:[a,,b]', ['a', '', 'b']],
    ['span:{1,2,4}', ['1', '2', '4']],
    ['span:[[1,2],[3,4]]', ['[1,2]', '[3,4]']],
    ['span:[a\\,b,c\\]]', ['a,b', 'c]']],
    ['span:[span:{1..2}]', ['span:{1..2}']],
    ['--lr=span:[0.1,0.01]', ['--lr=0.1', '--lr=0.01']],
    ['(span:{1..2},span:[a,b])', ['(1,a)', '(1,b)', '(2,a)', '(2,b)']],
    ['timespan:{1..2}', ['timespan:{1..2}']],
    ['http://span:8080/', ['http://span:8080/']],
    ['', ['']],
  ])('%s', (word, expected) => expect(values(word)).toEqual(expected));

  it.each([
    ['span:{3..1}', 'negative step'],
    ['span:{1..3..0}', 'step is 0'],
    ['span:{0.1..0.5}', 'needs a step'],
    ['span:{1..x}', "'x'"],
    ['span:{1..2..3..4}', "'3..4'"],
    ['span:{1..9999999999999999999}', 'number'],
    ['span:{a..Z}', 'one case'],
    ['span:{5}', 'neither'],
    ['span:[]', 'empty'],
    ['span:[a,b', 'not closed'],
    ['--x=span:{1..3', 'not closed'],
    ['span:file:list.txt', 'command line'],
    ['span:1', 'span:[span:1]'],
  ])('%s is refused', (word, part) => expect(values(word)).toContain(part));

  it('varies the last span fastest', () => {
    expect(values('p', 'span:{1..2}', 'x', 'span:[a, b]')).toEqual([
      'p 1 x a',
      'p 1 x b',
      'p 2 x a',
      'p 2 x b',
    ]);
  });
  it('counts without expanding', () => {
    const result = parseSweep(['span:{1..1000000}', 'span:{1..1000000}']);
    expect(result.ok && result.sweep.count).toBe(1e12);
    expect(result.ok && result.sweep.at(1e12 - 1)).toEqual(['1000000', '1000000']);
  });
});

it.each([
  ['span:{1..2}', true],
  ['--x=span:[a]', true],
  ['timespan:{1..2}', false],
  ['span:8', false],
])('%s has a span: %s', (word, expected) => expect(hasSpan(word)).toBe(expected));
