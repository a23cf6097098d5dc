/** One shell over a WebSocket. Knows the frames of the Host, not the screen. */

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

  constructor(path: string, events: SessionEvents) {
    const scheme = location.protocol === 'https:' ? 'wss:' : 'ws:';
    this.socket = new WebSocket(`${scheme}//${location.host}${path}`);
    this.socket.binaryType = 'arraybuffer';
    this.socket.onopen = () => events.open();
    this.socket.onclose = () => events.close();
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
    this.socket.close();
  }

  private send(frame: object): void {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(frame));
  }
}

function dispatch(text: string, events: SessionEvents): void {
  const frame = JSON.parse(text) as Frame;
  if (frame.type === 'output') events.output(frame.data ?? '');
  else if (frame.type === 'exit') events.exit(frame.code ?? 0);
  else events.error(frame.data ?? '');
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
