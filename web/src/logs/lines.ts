import { parseAnsi, PLAIN, type Run, type Style } from './ansi';

/** A line of a log, or a piece of one that is too long to be shown as a whole. */
export interface LogLine {
  /** Of its first byte in the file. */
  offset: number;
  bytes: number;
  runs: Run[];
  /** Characters that are shown. */
  length: number;
  /** The style that the next line begins with. */
  after: Style;
  /** When it began to arrive, in milliseconds; only of what came while it was followed. */
  at?: number;
}

/** Longer lines are cut into pieces of this many bytes. */
export const LONGEST_LINE = 16 * 1024;
const NEWLINE = 0x0a;

const decoder = new TextDecoder('utf-8');

/** Cuts `bytes`, which begin at `offset` of the file, into lines. The last one may not have ended yet. */
export function cutLines(bytes: Uint8Array, offset: number, style: Style = PLAIN): LogLine[] {
  const lines: LogLine[] = [];
  let current = style;
  for (let begin = 0; begin < bytes.length;) {
    const end = endOfLine(bytes, begin);
    const line = makeLine(bytes.subarray(begin, end), offset + begin, current);
    lines.push(line);
    current = line.after;
    begin = end;
  }
  return lines;
}

/** Where the piece that begins at `begin` ends: behind its newline, at the limit, or at the end of the bytes. */
function endOfLine(bytes: Uint8Array, begin: number): number {
  const limit = Math.min(bytes.length, begin + LONGEST_LINE);
  const newline = bytes.subarray(begin, limit).indexOf(NEWLINE);
  if (newline >= 0) return begin + newline + 1;
  return limit < bytes.length ? characterBorder(bytes, limit, begin) : limit;
}

/** The last border between two UTF-8 characters at or before `at`. */
function characterBorder(bytes: Uint8Array, at: number, lowest: number): number {
  let border = at;
  while (border > lowest + 1 && ((bytes[border] ?? 0) & 0xc0) === 0x80) border--;
  return border;
}

function makeLine(bytes: Uint8Array, offset: number, style: Style): LogLine {
  const { runs, style: after } = parseAnsi(lastOverprint(decoder.decode(bytes)), style);
  const expanded = runs.map((run) => ({ ...run, text: run.text.replaceAll('\t', '    ') }));
  const length = expanded.reduce((sum, run) => sum + run.text.length, 0);
  return { offset, bytes: bytes.length, runs: expanded, length, after };
}

/** What a terminal shows of a line that carriage returns have overprinted, as progress bars do; no blanks at its end. */
function lastOverprint(text: string): string {
  const line = text.trimEnd();
  return line.slice(line.lastIndexOf('\r') + 1);
}

/** The runs of characters `from` to `to` of a line. */
export function sliceRuns(runs: readonly Run[], from: number, to: number): Run[] {
  const part: Run[] = [];
  let at = 0;
  for (const { text, style } of runs) {
    const begin = Math.max(from - at, 0);
    const end = Math.min(to - at, text.length);
    if (begin < end) part.push({ text: text.slice(begin, end), style });
    at += text.length;
  }
  return part;
}

export const textOf = (line: LogLine): string => line.runs.map((run) => run.text).join('');
