import type { Run } from './ansi';

export interface MarkedRun extends Run {
  hit: boolean;
}

/** Cuts runs where `matcher` begins and ends to match, across styles. */
export function markHits(runs: readonly Run[], matcher: RegExp | null): MarkedRun[] {
  if (!matcher) return runs.map((run) => ({ ...run, hit: false }));
  const ranges = rangesOf(runs.map((run) => run.text).join(''), matcher);
  const marked: MarkedRun[] = [];
  let at = 0;
  for (const run of runs) {
    let from = 0;
    for (const [begin, end] of ranges) {
      const a = Math.min(Math.max(begin - at, from), run.text.length);
      const b = Math.min(Math.max(end - at, from), run.text.length);
      if (a > from) marked.push({ ...run, text: run.text.slice(from, a), hit: false });
      if (b > a) marked.push({ ...run, text: run.text.slice(a, b), hit: true });
      from = Math.max(from, b);
    }
    if (from < run.text.length) marked.push({ ...run, text: run.text.slice(from), hit: false });
    at += run.text.length;
  }
  return marked;
}

function rangesOf(text: string, matcher: RegExp): [number, number][] {
  return [...text.matchAll(matcher)]
    .filter((match) => match[0].length > 0)
    .map((match) => [match.index, match.index + match[0].length]);
}
