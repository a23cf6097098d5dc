/** One shell over a WebSocket. Knows the frames of the Host, not the screen. */

/** A browser does not say why a connection was refused; an ordinary request to the same address does. */
async function reasonOf(path: string): Promise<string> {
  try {
    const reply = await fetch(path);
    const body = (await reply.json()) as { detail?: string };
    return body.detail ?? '';
  } catch {
    return '';
  }
}

export interface SessionEvents {
  open(): void;
  output(data: string | Uint8Array): void;
  /** The shell has ended by itself. */
  exit(code: number): void;
  /** Something is wrong, in one sentence. */
  error(sentence: string): void;
  /** The connection is gone, whatever came before. */
  close(): void;
}

interface Frame {
  type: 'output' | 'error' | 'exit';
  data?: string;
  code?: number;
}

export class TerminalSession {
  private readonly socket: WebSocket;
  private connected = false;
  private ended = false;

  constructor(path: string, events: SessionEvents) {
    const scheme = location.protocol === 'https:' ? 'wss:' : 'ws:';
    this.socket = new WebSocket(`${scheme}//${location.host}${path}`);
    this.socket.binaryType = 'arraybuffer';
    this.socket.onopen = () => {
      this.connected = true;
      events.open();
    };
    this.socket.onclose = () => void this.over(path, events);
    this.socket.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) => {
      if (typeof data === 'string') dispatch(data, events);
      else events.output(new Uint8Array(data));
    };
  }

  input(data: string): void {
    this.send({ type: 'input', data });
  }

  resize(rows: number, cols: number): void {
    this.send({ type: 'resize', rows, cols });
  }

  close(): void {
    this.ended = true;
    this.socket.close();
  }

  private async over(path: string, events: SessionEvents): Promise<void> {
    const reason = this.connected || this.ended ? '' : await reasonOf(path);
    if (reason && !this.ended) events.error(reason);
    if (!this.ended) events.close();
  }

  private send(frame: object): void {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(frame));
  }
}

function dispatch(text: string, events: SessionEvents): void {
  const frame = JSON.parse(text) as Frame;
  if (frame.type === 'output') events.output(frame.data ?? '');
  else if (frame.type === 'exit' && frame.code !== undefined) events.exit(frame.code);
  else if (frame.type === 'error') events.error(frame.data ?? '');
}

/** The route of what the page's address names; null when it names nothing. */
export function routeOf(search: string): { path: string; kind: 'environment' | 'task'; name: string } | null {
  const query = new URLSearchParams(search);
  for (const kind of ['environment', 'task'] as const) {
    const name = query.get(kind);
    if (name) return { path: `/api/terminal/${kind}s/${encodeURIComponent(name)}`, kind, name };
  }
  return null;
}
