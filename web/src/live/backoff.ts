const FIRST_MS = 500;
const LONGEST_MS = 15_000;

/** How long to wait before attempt `attempt` (0, 1, ...): doubling, with jitter so that not all tabs come at once. */
export function backoffMs(attempt: number, random: () => number = Math.random): number {
  const limit = Math.min(LONGEST_MS, FIRST_MS * 2 ** attempt);
  return limit / 2 + (random() * limit) / 2;
}
