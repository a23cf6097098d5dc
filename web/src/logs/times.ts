import type { LogMark } from '@/api/logs';

/** When the bytes of a log were written, as far as the node that wrote them noted it. */
export class LogTimes {
  private readonly sizes: number[] = [];
  private readonly times: number[] = [];

  /** `marks` in order: each says by when the log had so many bytes. Those before `begin` are not told. */
  constructor(
    private readonly begin = 0,
    marks: readonly LogMark[] = [],
  ) {
    for (const { size, at } of marks) {
      this.sizes.push(size);
      this.times.push(Date.parse(at));
    }
  }

  /** In milliseconds; undefined for bytes that were not asked for or are too new. */
  at(offset: number): number | undefined {
    if (offset < this.begin) return undefined;
    let low = 0;
    let high = this.sizes.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.sizes[middle] ?? 0) > offset) high = middle;
      else low = middle + 1;
    }
    return this.times[low];
  }
}
