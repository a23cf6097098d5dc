import { shallowRef, triggerRef, ref } from 'vue';
import { sentenceOf } from '@/api/http';
import { followLog, readLog, readLogTail, readLogTimes, type LogStream } from '@/api/logs';
import { backoffMs } from '@/live/backoff';
import type { LogLine } from './lines';
import { LogTimes } from './times';
import { LogWindow } from './window';

const PART = 256 * 1024;

/** What moved the rows, so that the screen can keep what the reader looks at where it is. */
export interface Shift {
  /** Lines that came before what was there (negative: that were let go). */
  linesBefore: number;
}

/**
 * A window on one log of one task, and the reading around it: loads parts as they are scrolled to, follows the end
 * while `live`, and counts what it misses while the reader is elsewhere. End it with `close`.
 */
export class LogReader {
  readonly window = shallowRef(new LogWindow());
  readonly total = ref(0);
  readonly loading = ref(false);
  readonly problem = ref('');
  /** The end of the file is shown and grows as the file does. */
  readonly live = ref(false);
  /** Lines that came while the reader was elsewhere. */
  readonly missed = ref(0);
  /** The task is over: the file grows no more. */
  readonly ended = ref(false);

  private readonly times = shallowRef(new LogTimes());
  private wantsTimes = false;
  private abort = new AbortController();
  private failures = 0;
  private following = false;

  constructor(
    private readonly task: string,
    private readonly stream: LogStream,
    private readonly onShift: (shift: Shift) => void,
  ) {}

  /** Loads the end of the file and follows it. */
  async openEnd(): Promise<void> {
    await this.exclusively(async (signal) => {
      const { bytes, total } = await readLogTail(this.task, this.stream, PART, signal);
      this.replace(bytes, Math.max(0, total - bytes.length), total);
    });
    this.goLive();
  }

  /** Loads the part around `offset`. */
  async openAt(offset: number): Promise<void> {
    this.live.value = false;
    const begin = Math.max(0, offset - PART / 2);
    await this.exclusively(async (signal) => {
      const { bytes, total } = await readLog(this.task, this.stream, { begin, end: begin + PART }, signal);
      this.replace(bytes, begin, total);
    });
  }

  async loadBefore(): Promise<void> {
    const window = this.window.value;
    if (this.loading.value || window.begin === 0) return;
    await this.exclusively(async (signal) => {
      const range = { begin: Math.max(0, window.begin - PART), end: window.begin };
      const { bytes } = await readLog(this.task, this.stream, range, signal);
      if (window !== this.window.value) return;
      this.live.value = false;
      const linesBefore = window.prepend(bytes);
      triggerRef(this.window);
      this.onShift({ linesBefore });
    });
  }

  async loadAfter(): Promise<void> {
    const window = this.window.value;
    if (this.loading.value || this.live.value || window.end >= this.total.value) return;
    await this.exclusively(async (signal) => {
      const range = { begin: window.end, end: window.end + PART };
      const { bytes, total } = await readLog(this.task, this.stream, range, signal);
      if (window !== this.window.value) return;
      this.total.value = Math.max(this.total.value, total);
      this.grow(bytes);
    });
  }

  /** From now on the end is shown, if the window reaches it. */
  goLive(): void {
    if (this.window.value.end < this.total.value) return;
    this.missed.value = 0;
    this.live.value = true;
    this.follow();
  }

  pause(): void {
    this.live.value = false;
  }

  /** From now on it is known when lines were written. */
  async askTimes(): Promise<void> {
    if (this.wantsTimes) return;
    this.wantsTimes = true;
    if (this.window.value.lines.length) await this.exclusively(() => Promise.resolve());
  }

  /** In milliseconds, if it is known: of what came while it was followed, and of the rest once it was asked for. */
  timeOf(line: LogLine): number | undefined {
    return line.at ?? this.times.value.at(line.offset);
  }

  close(): void {
    this.abort.abort();
  }

  private replace(bytes: Uint8Array, offset: number, total: number): void {
    const window = new LogWindow();
    window.reset(bytes, offset);
    this.total.value = Math.max(total, offset + bytes.length);
    this.window.value = window;
  }

  private grow(bytes: Uint8Array, at?: number): void {
    const gone = this.window.value.append(bytes, at);
    triggerRef(this.window);
    if (gone) this.onShift({ linesBefore: -gone });
  }

  private async exclusively(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    this.loading.value = true;
    const { signal } = this.abort;
    try {
      await work(signal);
      if (this.wantsTimes) await this.loadTimes(signal);
      this.problem.value = '';
    } catch (failure) {
      if (!signal.aborted) this.problem.value = sentenceOf(failure);
    }
    this.loading.value = false;
  }

  private async loadTimes(signal: AbortSignal): Promise<void> {
    const { begin, end } = this.window.value;
    this.times.value = new LogTimes(
      begin,
      await readLogTimes(this.task, this.stream, { begin, end }, signal),
    );
  }

  /** Keeps one stream from the end of the file open until the task is over; opens it again when it breaks. */
  private follow(): void {
    if (this.following || this.ended.value) return;
    this.following = true;
    const { signal } = this.abort;
    followLog(this.task, this.stream, this.total.value, signal)
      .then((body) => this.receive(body))
      .then(() => {
        this.ended.value = true;
      })
      .catch(() => {
        this.following = false;
        if (!signal.aborted) setTimeout(() => signal.aborted || this.follow(), backoffMs(this.failures++));
      });
  }

  private async receive(body: ReadableStream<Uint8Array>): Promise<void> {
    const reader = body.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      this.failures = 0;
      const contiguous = this.window.value.end === this.total.value;
      this.total.value += value.length;
      if (this.live.value && contiguous) this.grow(value, Date.now());
      else this.missed.value += countNewlines(value);
    }
  }
}

function countNewlines(bytes: Uint8Array): number {
  let count = 0;
  for (const byte of bytes) if (byte === 0x0a) count++;
  return count;
}
