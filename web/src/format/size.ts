const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];

/** "1.2 GB": 1000-based like the command line, three significant digits at most. */
export function formatSize(bytes: number): string {
  let value = Math.max(0, bytes);
  let unit = 0;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
  return `${Number(value.toFixed(digits))} ${UNITS[unit]}`;
}

export const formatMib = (mib: number): string => (mib < 0 ? '–' : formatSize(mib * 1024 * 1024));

const FACTORS: Record<string, number> = { '': 1, K: 1e3, M: 1e6, G: 1e9, T: 1e12 };
const LARGEST = 2 ** 60;

/** "512M" to 512000000, as the command line reads it; null when it is not a size. */
export function parseSize(text: string): number | null {
  const match = /^(\d+)([KMGT]?)$/i.exec(text.trim());
  if (!match) return null;
  const bytes = Number(match[1]) * (FACTORS[match[2]?.toUpperCase() ?? ''] ?? 1);
  return bytes > 0 && bytes <= LARGEST ? bytes : null;
}

/** The shortest text that `parseSize` reads back as the same number. */
export function sizeArgument(bytes: number): string {
  for (const [unit, factor] of Object.entries(FACTORS).reverse()) {
    if (bytes % factor === 0 && bytes >= factor) return `${bytes / factor}${unit}`;
  }
  return String(bytes);
}
