import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { routeOf, TerminalSession, type SessionEvents } from './session';

class FakeSocket {
  static readonly OPEN = 1;
  static last: FakeSocket;
  readyState = 1;
  sent: string[] = [];
  onopen: () => void = () => undefined;
  onmessage: (event: { data: unknown }) => void = () => undefined;
  onclose: () => void = () => undefined;
  constructor(readonly url: string) {
    FakeSocket.last = this;
  }
  send(text: string): void {
    this.sent.push(text);
  }
  close(): void {
    this.onclose();
  }
}

const events = () =>
  ({ open: vi.fn(), output: vi.fn(), exit: vi.fn(), error: vi.fn(), close: vi.fn() }) satisfies SessionEvents;

beforeEach(() => vi.stubGlobal('WebSocket', FakeSocket));
afterEach(() => vi.unstubAllGlobals());

describe('TerminalSession', () => {
  it('speaks the frames of the Host', () => {
    const heard = events();
    const session = new TerminalSession('/api/terminal/tasks/7', heard);
    expect(FakeSocket.last.url).toMatch(/^ws:\/\/.*\/api\/terminal\/tasks\/7$/);
    session.input('ls\r');
    session.resize(24, 80);
    expect(FakeSocket.last.sent.map((text) => JSON.parse(text) as unknown)).toEqual([
      { type: 'input', data: 'ls\r' },
      { type: 'resize', rows: 24, cols: 80 },
    ]);
    FakeSocket.last.onmessage({ data: '{"type":"output","data":"a"}' });
    FakeSocket.last.onmessage({ data: new Uint8Array([98]).buffer });
    FakeSocket.last.onmessage({ data: '{"type":"error","data":"no"}' });
    FakeSocket.last.onmessage({ data: '{"type":"exit","code":3}' });
    expect(heard.output.mock.calls).toEqual([['a'], [new Uint8Array([98])]]);
    expect(heard.error).toHaveBeenCalledWith('no');
    expect(heard.exit).toHaveBeenCalledWith(3);
  });

  it('takes no end without an exit code for a good one', () => {
    const heard = events();
    new TerminalSession('/x', heard);
    FakeSocket.last.onmessage({ data: '{"type":"exit"}' });
    FakeSocket.last.onmessage({ data: '{"type":"of tomorrow"}' });
    expect(heard.exit).not.toHaveBeenCalled();
    expect(heard.error).not.toHaveBeenCalled();
  });

  it('says why it was refused, which browsers do not tell', async () => {
    const fetched = vi.fn(() =>
      Promise.resolve(new Response('{"detail":"task 7 is over"}', { status: 409 })),
    );
    vi.stubGlobal('fetch', fetched);
    const heard = events();
    new TerminalSession('/api/terminal/tasks/7', heard);
    FakeSocket.last.onclose();
    await vi.waitFor(() => expect(heard.close).toHaveBeenCalled());
    expect(fetched).toHaveBeenCalledWith('/api/terminal/tasks/7');
    expect(heard.error).toHaveBeenCalledWith('task 7 is over');
  });

  it('asks for no reason when it was connected, and is silent when it was closed here', async () => {
    const fetched = vi.fn();
    vi.stubGlobal('fetch', fetched);
    const heard = events();
    const session = new TerminalSession('/x', heard);
    FakeSocket.last.onopen();
    FakeSocket.last.onclose();
    await vi.waitFor(() => expect(heard.close).toHaveBeenCalledTimes(1));
    session.close();
    await Promise.resolve();
    expect(heard.close).toHaveBeenCalledTimes(1);
    expect(fetched).not.toHaveBeenCalled();
  });

  it('sends nothing into a closed connection', () => {
    const session = new TerminalSession('/x', events());
    FakeSocket.last.readyState = 3;
    session.input('x');
    expect(FakeSocket.last.sent).toEqual([]);
  });
});

it.each([
  ['?environment=torch-2.6', '/api/terminal/environments/torch-2.6'],
  ['?task=7', '/api/terminal/tasks/7'],
  ['?environment=a/../b', '/api/terminal/environments/a%2F..%2Fb'],
  ['', undefined],
])('%s opens %s', (search, path) => expect(routeOf(search)?.path).toBe(path));
