import { PLAIN } from './ansi';
import { cutLines, type LogLine } from './lines';

/** The most of a log that is held at once; what is further away is fetched when it is scrolled to. */
export const MOST_BYTES = 4 * 1024 * 1024;
const NEWLINE = 0x0a;

/**
 * A contiguous part of a log file as lines: grows at either end, and lets go at the other end what is too much.
 * Knows nothing of the network or the screen.
 */
export class LogWindow {
  /** Never changed in place: a new array for every change. */
  lines: readonly LogLine[] = [];
  begin = 0;
  end = 0;
  /** Bytes of the last line, which may go on. */
  private rest: Uint8Array = new Uint8Array();

  constructor(private readonly mostBytes = MOST_BYTES) {}

  /** Starts anew with a part that begins at `offset`; a line cut by the beginning is left out. */
  reset(bytes: Uint8Array, offset: number): void {
    const skip = offset === 0 ? 0 : beginOfLine(bytes);
    this.lines = [];
    this.rest = new Uint8Array();
    this.begin = this.end = offset + skip;
    this.append(bytes.subarray(skip));
  }

  /** What follows at the end, `at` the time when it was written, if known. Returns how many lines were let go at the beginning. */
  append(bytes: Uint8Array, at?: number): number {
    if (!bytes.length) return 0;
    const open = this.rest.length > 0;
    const kept = open ? this.lines.slice(0, -1) : this.lines;
    const joined = open ? join(this.rest, bytes) : bytes;
    const fresh = cutLines(joined, this.end - this.rest.length, kept.at(-1)?.after ?? PLAIN);
    const begun = open ? this.lines.at(-1) : undefined;
    for (const line of fresh) line.at = line.offset === begun?.offset ? begun.at : at;
    this.lines = [...kept, ...fresh];
    this.end += bytes.length;
    this.rest = joined.at(-1) === NEWLINE ? new Uint8Array() : joined.slice(-(fresh.at(-1)?.bytes ?? 0));
    return this.trimBegin();
  }

  /** What comes before the beginning. Returns how many lines it is. */
  prepend(bytes: Uint8Array): number {
    const offset = this.begin - bytes.length;
    const skip = offset === 0 ? 0 : beginOfLine(bytes);
    const fresh = cutLines(bytes.subarray(skip), offset + skip);
    this.lines = [...fresh, ...this.lines];
    this.begin = offset + skip;
    this.trimEnd();
    return fresh.length;
  }

  /** The line that holds byte `offset`, or -1. */
  indexAt(offset: number): number {
    if (offset < this.begin || offset >= this.end) return -1;
    let low = 0;
    let high = this.lines.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.lines[middle]?.offset ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  private trimBegin(): number {
    let count = 0;
    while (this.end - (this.lines[count]?.offset ?? this.end) > this.mostBytes) count++;
    if (count) {
      this.lines = this.lines.slice(count);
      this.begin = this.lines[0]?.offset ?? this.end;
    }
    return count;
  }

  private trimEnd(): void {
    let count = this.lines.length;
    while (count > 1 && endOf(this.lines[count - 1]) - this.begin > this.mostBytes) count--;
    if (count === this.lines.length) return;
    this.lines = this.lines.slice(0, count);
    this.end = endOf(this.lines.at(-1));
    this.rest = new Uint8Array();
  }
}

const endOf = (line: LogLine | undefined): number => (line ? line.offset + line.bytes : 0);

/** Behind the first newline; 0 when there is none, so that an endless line can still be read. */
const beginOfLine = (bytes: Uint8Array): number => bytes.indexOf(NEWLINE) + 1;

function join(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}
