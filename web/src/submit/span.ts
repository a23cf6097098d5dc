/** Sweeps as hakurun writes them: span:{1..3} and span:[a,b] as whole arguments. */

export const MOST_COMBINATIONS = 1000;
const RANGE = /^span:\{(-?\d+)\.\.(-?\d+)\}$/;
const LIST = /^span:\[(.*)\]$/s;

/** How many values a word stands for, without making them. */
function countOf(word: string): number {
  const range = RANGE.exec(word);
  if (range) return Math.max(0, Number(range[2]) - Number(range[1]) + 1);
  const list = LIST.exec(word);
  return list ? (list[1] ?? '').split(',').length : 1;
}

function valuesOf(word: string): string[] {
  const range = RANGE.exec(word);
  if (range) {
    const low = Number(range[1]);
    return Array.from({ length: countOf(word) }, (_, index) => String(low + index));
  }
  const list = LIST.exec(word);
  return list ? (list[1] ?? '').split(',').map((item) => item.trim()) : [word];
}

export const isSpan = (word: string): boolean => RANGE.test(word) || LIST.test(word);

/** How many argument lists `words` stand for. */
export const countCombinations = (words: readonly string[]): number =>
  words.reduce((product, word) => product * countOf(word), 1);

/** All argument lists, the last span fastest; at most MOST_COMBINATIONS. */
export function combinations(words: readonly string[]): string[][] {
  if (countCombinations(words) > MOST_COMBINATIONS) return [];
  return words.reduce<string[][]>(
    (lists, word) => {
      const values = valuesOf(word);
      return lists.flatMap((list) => values.map((value) => [...list, value]));
    },
    [[]],
  );
}
