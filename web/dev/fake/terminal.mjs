/** A terminal that echoes: enough to develop the page against. */
import { WebSocketServer } from 'ws';

const PROMPT = '\r\n\x1b[36mroot@torch-2\x1b[0m:/shared# ';

export function attachTerminals(server) {
  const sockets = new WebSocketServer({ noServer: true });
  server.on('upgrade', (request, socket, head) => {
    if (!request.url.startsWith('/api/terminal/')) return socket.destroy();
    return sockets.handleUpgrade(request, socket, head, converse);
  });
  return sockets;
}

function converse(socket) {
  let line = '';
  const output = (data) => socket.send(JSON.stringify({ type: 'output', data }));
  output(`Connected.${PROMPT}`);
  socket.on('message', (text) => {
    const frame = JSON.parse(text);
    if (frame.type === 'resize') return output(`\r\n(${frame.cols}x${frame.rows})${PROMPT}`);
    for (const key of frame.data) line = typed(socket, line, key, output);
    return undefined;
  });
}

function typed(socket, line, key, output) {
  if (key !== '\r') {
    output(key);
    return line + key;
  }
  if (line === 'exit') {
    socket.send(JSON.stringify({ type: 'exit', code: 0 }));
    socket.close();
  } else output(`\r\n${line}: this terminal only echoes${PROMPT}`);
  return '';
}
