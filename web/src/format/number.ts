/** "12,345". */
export const formatCount = (value: number): string => value.toLocaleString('en-US');

/** "12.3k", "1.2M" where room is short. */
export function formatCompact(value: number): string {
  if (value < 10_000) return formatCount(value);
  if (value < 1e6) return `${Number((value / 1e3).toFixed(value < 1e5 ? 1 : 0))}k`;
  return `${Number((value / 1e6).toFixed(1))}M`;
}

/** "43%", or a dash where there is no reading. */
export const formatPercent = (value: number): string =>
  Number.isFinite(value) && value >= 0 ? `${Math.round(value)}%` : '–';

/** "0,1,4-7": sorted, with runs folded. */
export function formatRanges(numbers: readonly number[]): string {
  const sorted = [...numbers].sort((a, b) => a - b);
  const runs: string[] = [];
  for (let begin = 0; begin < sorted.length;) {
    let end = begin;
    while (sorted[end + 1] === (sorted[end] ?? NaN) + 1) end++;
    runs.push(end - begin < 2 ? sorted.slice(begin, end + 1).join(',') : `${sorted[begin]}-${sorted[end]}`);
    begin = end + 1;
  }
  return runs.join(',');
}
