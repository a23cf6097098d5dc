/** Log files that need no disk: line N is a function of N, so a gigabyte costs nothing. */

const LINE = 96; // bytes of every line, its newline included
const BIG_LINES = Math.floor(1e9 / LINE);
const ESC = '\x1b';

function lineText(task, index) {
  const step = String(index).padStart(8, '0');
  if (index % 97 === 0)
    return `${ESC}[33mWARN ${ESC}[0m step ${step} gradient norm ${((index * 37) % 900) / 100} above clip`;
  if (index % 41 === 0) return `${ESC}[1;32mSAVED${ESC}[0m step ${step} runs/${task}/ckpt-${step}.pt`;
  return `${ESC}[36minfo ${ESC}[0m step ${step} loss ${(2.4 / (1 + (index % 5000) / 700)).toFixed(4)} lr ${ESC}[90m3.0e-4${ESC}[0m`;
}

function lineBytes(task, index) {
  const text = lineText(task, index);
  return Buffer.from(`${text.padEnd(LINE - 1).slice(0, LINE - 1)}\n`);
}

/** What a task's stream holds now: its size, when it grew and a reader of any part. */
export function logOf(task, stream) {
  if (!task.started_at) return { size: 0, marks: [], read: () => Buffer.alloc(0) };
  if (stream === 'stderr') return fixed(stderrText(task), task);
  const lines = task.command === 'bash' ? BIG_LINES : linesSoFar(task);
  const size = lines * LINE;
  return { size, marks: marksOf(task, size), read: (begin, end) => readLines(task.task_id, begin, end) };
}

/** As if its node had looked a hundred times while the log grew evenly. */
function marksOf(task, size) {
  const begin = Date.parse(task.started_at);
  const end = task.completed_at ? Date.parse(task.completed_at) : Date.now();
  return Array.from({ length: 100 }, (_, index) => ({
    size: Math.ceil((size * (index + 1)) / 100),
    at: new Date(begin + ((end - begin) * (index + 1)) / 100).toISOString(),
  }));
}

function linesSoFar(task) {
  const end = task.completed_at ? Date.parse(task.completed_at) : Date.now();
  return Math.floor((end - Date.parse(task.started_at)) / 250) + 3;
}

function stderrText(task) {
  if (task.status !== 'failed') return '';
  return `Traceback (most recent call last):\n  File "${task.arguments[0] ?? task.command}", line 214, in <module>\n    main()\n${ESC}[31m${task.error_message}${ESC}[0m\n`;
}

function fixed(text, task) {
  const bytes = Buffer.from(text);
  const marks = bytes.length ? marksOf(task, bytes.length) : [];
  return { size: bytes.length, marks, read: (begin, end) => bytes.subarray(begin, end) };
}

function readLines(task, begin, end) {
  const first = Math.floor(begin / LINE);
  const last = Math.ceil(end / LINE);
  const lines = [];
  for (let index = first; index < last; index++) lines.push(lineBytes(task, index));
  return Buffer.concat(lines).subarray(begin - first * LINE, end - first * LINE);
}
