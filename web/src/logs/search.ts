import { readLog, type LogStream } from '@/api/logs';

/** More hits than anyone steps through; the search stops there. */
export const MOST_HITS = 10_000;
const PART = 4 * 1024 * 1024;

export interface SearchQuery {
  text: string;
  regex: boolean;
}

// One character per byte, so that positions are byte offsets; the pattern is turned the same way.
const byteText = new TextDecoder('windows-1252');

/** What finds a query in text of one character per byte; null when it is not a regular expression. */
export function byteMatcher({ text, regex }: SearchQuery): RegExp | null {
  const pattern = byteText.decode(new TextEncoder().encode(text));
  return compile(regex ? pattern : escapePattern(pattern), 'gim');
}

/** The same for text as it is shown. */
export const textMatcher = ({ text, regex }: SearchQuery): RegExp | null =>
  compile(regex ? text : escapePattern(text), 'gi');

function compile(pattern: string, flags: string): RegExp | null {
  try {
    return pattern ? new RegExp(pattern, flags) : null;
  } catch {
    return null;
  }
}

const escapePattern = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** Offsets of the hits in `bytes`, one per line at most. */
export function findHits(bytes: Uint8Array, matcher: RegExp): number[] {
  const text = byteText.decode(bytes);
  const hits: number[] = [];
  matcher.lastIndex = 0;
  for (let match = matcher.exec(text); match; match = matcher.exec(text)) {
    hits.push(match.index);
    const newline = text.indexOf('\n', match.index);
    if (newline < 0) break;
    matcher.lastIndex = newline + 1;
  }
  return hits;
}

export interface SearchProgress {
  hits: number[];
  scanned: number;
}

/** Reads the file part by part from the beginning; yields all hits so far after each. */
export async function* searchLog(
  log: { task: string; stream: LogStream; total: number },
  matcher: RegExp,
  signal: AbortSignal,
): AsyncGenerator<SearchProgress> {
  const hits: number[] = [];
  for (let at = 0; at < log.total && hits.length < MOST_HITS;) {
    const { bytes } = await readLog(
      log.task,
      log.stream,
      { begin: at, end: Math.min(at + PART, log.total) },
      signal,
    );
    if (!bytes.length) return;
    const whole = at + bytes.length >= log.total ? bytes.length : bytes.lastIndexOf(0x0a) + 1 || bytes.length;
    for (const hit of findHits(bytes.subarray(0, whole), matcher)) hits.push(at + hit);
    at += whole;
    yield { hits: hits.slice(0, MOST_HITS), scanned: at };
  }
}
