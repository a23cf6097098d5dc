import type { EventName } from './events';

/** News comes every second and more often. What nobody has touched for a while is drawn less often, all of it at once. */
const QUIET_AFTER_MS = 15_000;
const QUIET_STEP_MS = 3_000;
/** What people do with a page that they use. */
const TOUCHES = ['pointermove', 'pointerdown', 'keydown', 'wheel', 'scroll', 'touchstart', 'focus'];
/** What a busy cluster says all the time. The rest is rare, or answers to what somebody has done. */
const FREQUENT: ReadonlySet<EventName> = new Set<EventName>(['nodes', 'cluster', 'health', 'tasks']);

/** Holds news back while nobody uses the page, so that one that is only looked at costs its machine little. */
export class Pace {
  private readonly waiting: (() => void)[] = [];
  private readonly ended = new AbortController();
  private touched = performance.now();
  private timer = 0;

  constructor() {
    const options = { signal: this.ended.signal, capture: true, passive: true };
    for (const touch of TOUCHES) window.addEventListener(touch, () => this.touch(), options);
  }

  stop(): void {
    this.ended.abort();
    this.drop();
  }

  /** Calls `act` now or a little later; all keep their order, so that old news never follows what was fetched afresh. */
  pass(name: EventName, act: () => void): void {
    this.waiting.push(act);
    const used = performance.now() - this.touched < QUIET_AFTER_MS;
    if (used || !FREQUENT.has(name)) return this.release();
    this.timer ||= window.setTimeout(() => this.release(), QUIET_STEP_MS);
  }

  /** Forgets what is held back: it is of a connection that was lost. */
  drop(): void {
    clearTimeout(this.timer);
    this.timer = 0;
    this.waiting.length = 0;
  }

  private touch(): void {
    this.touched = performance.now();
    if (this.waiting.length) this.release();
  }

  private release(): void {
    const due = [...this.waiting];
    this.drop();
    for (const act of due) {
      try {
        act();
      } catch (failure) {
        reportError(failure); // one listener's fault is not that of the news behind it
      }
    }
  }
}
