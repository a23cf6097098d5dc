import { backoffMs } from './backoff';
import { Pace } from './pace';
import { EVENT_NAMES, type EventHub, type EventName, type LiveEvents } from './events';

export type StreamState = 'connecting' | 'live' | 'lost' | 'asleep';

/** A hidden tab gives its connection back: browsers allow six to one Host. */
const SLEEP_AFTER_HIDDEN_MS = 10_000;
/** The Host sends a health sample every second; silence for this long means that the connection is dead. */
const SILENCE_MS = 12_000;

/**
 * The tab's only stream of server-sent events. Reconnects for ever with growing pauses, sleeps while the tab is
 * hidden, and treats silence as a loss. Whoever shows data fetches it afresh on every `hello`.
 */
export class EventStream {
  private source: EventSource | null = null;
  private readonly ended = new AbortController();
  private readonly pace = new Pace();
  private attempt = 0;
  private retryTimer = 0;
  private silenceTimer = 0;
  private sleepTimer = 0;

  constructor(
    private readonly hub: EventHub,
    private readonly onState: (state: StreamState, retryAt: number | null) => void,
  ) {}

  start(): void {
    const { signal } = this.ended;
    document.addEventListener('visibilitychange', () => this.visibilityChanged(), { signal });
    window.addEventListener('online', () => this.reconnectNow(), { signal });
    this.connect();
  }

  stop(): void {
    this.ended.abort();
    clearTimeout(this.sleepTimer);
    this.close();
    this.pace.stop();
  }

  reconnectNow(): void {
    this.attempt = 0;
    this.connect();
  }

  private connect(): void {
    this.close();
    this.onState('connecting', null);
    const source = new EventSource('/api/events');
    this.source = source;
    source.onerror = () => this.lost();
    for (const name of EVENT_NAMES) {
      source.addEventListener(name, (event: MessageEvent<string>) => this.received(name, event.data));
    }
    this.expectSomething();
  }

  private received(name: EventName, text: string): void {
    this.expectSomething();
    if (name === 'hello') {
      this.attempt = 0;
      this.onState('live', null);
    }
    this.pace.pass(name, () => this.hub.emit(name, JSON.parse(text) as LiveEvents[typeof name]));
  }

  private lost(): void {
    this.close();
    const pause = backoffMs(this.attempt++);
    this.onState('lost', Date.now() + pause);
    this.retryTimer = window.setTimeout(() => this.connect(), pause);
  }

  private expectSomething(): void {
    clearTimeout(this.silenceTimer);
    this.silenceTimer = window.setTimeout(() => this.lost(), SILENCE_MS);
  }

  private visibilityChanged(): void {
    clearTimeout(this.sleepTimer);
    if (document.hidden) this.sleepTimer = window.setTimeout(() => this.sleep(), SLEEP_AFTER_HIDDEN_MS);
    else if (!this.source) this.reconnectNow();
  }

  private sleep(): void {
    this.close();
    this.onState('asleep', null);
  }

  private close(): void {
    clearTimeout(this.retryTimer);
    clearTimeout(this.silenceTimer);
    this.pace.drop();
    this.source?.close();
    this.source = null;
  }
}
