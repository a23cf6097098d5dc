import type { LogLine } from './lines';

/** Without wrapping a row is as long as a line may be, so that there is one way to lay out. */
export const UNWRAPPED = 1 << 20;

/** One row of the screen: a part of a line. */
export interface LogRow {
  line: number;
  from: number;
  to: number;
}

/** Where lines fall on rows of `columns` characters. Immutable; made anew when lines or columns change. */
export class RowLayout {
  /** Rows before each line; one more entry for all. */
  private readonly starts: Uint32Array;

  constructor(
    private readonly lines: readonly LogLine[],
    private readonly columns: number,
  ) {
    this.starts = new Uint32Array(lines.length + 1);
    lines.forEach((line, index) => (this.starts[index + 1] = (this.starts[index] ?? 0) + this.rowsOf(line)));
  }

  get count(): number {
    return this.starts[this.lines.length] ?? 0;
  }

  /** The first row of a line. */
  rowOf(line: number): number {
    return this.starts[line] ?? 0;
  }

  row(index: number): LogRow {
    const line = this.lineAt(index);
    const from = (index - this.rowOf(line)) * this.columns;
    return { line, from, to: from + this.columns };
  }

  private rowsOf(line: LogLine): number {
    return Math.max(1, Math.ceil(line.length / this.columns));
  }

  private lineAt(row: number): number {
    let low = 0;
    let high = this.lines.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.rowOf(middle) <= row) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}
