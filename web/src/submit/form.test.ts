import { describe, expect, it } from 'vitest';
import { aTask } from '@/tasks/testing';
import {
  checkForm,
  commandOf,
  countTasks,
  emptyForm,
  fieldOfPointer,
  formLike,
  requestOf,
  type SubmitForm,
} from './form';
import { quoteWords } from './quote';
import { parseTarget, targetText } from './target';
import { splitWords } from './words';

const form = (part: Partial<SubmitForm>): SubmitForm => ({ ...emptyForm(''), command: 'true', ...part });
const errorsOf = (part: Partial<SubmitForm>) => Object.keys(checkForm(form(part)));

describe('splitWords', () => {
  it.each([
    ['', []],
    ['  a   b ', ['a', 'b']],
    [`echo 'a b' "c d"`, ['echo', 'a b', 'c d']],
    [`a''b ''`, ['ab', '']],
    [`"a\\"b" 'a\\b'`, ['a"b', 'a\\b']],
    [`"\\n \\$x"`, ['\\n $x']],
    ['a\\ b', ['a b']],
    ['a \\\n b', ['a', 'b']],
    ['$HOME *.py | x; y', ['$HOME', '*.py', '|', 'x;', 'y']],
  ])('%j', (text, words) => expect(splitWords(text)).toEqual({ ok: true, words }));
  it.each([
    [`a 'b`, 'quote'],
    ['a "b', 'quote'],
    ['a \\', 'escape'],
  ])('%j cannot be read: %s', (text, problem) => expect(splitWords(text)).toEqual({ ok: false, problem }));

  it.each([[['a', 'b c', "it's", '', '$x', 'a"b', 'a\\b', '東京', '--x=1']]])(
    'reads back what quoteWords wrote',
    (words) => {
      expect(splitWords(quoteWords(words))).toEqual({ ok: true, words });
    },
  );
});

describe('targets', () => {
  it.each(['kawa', 'kawa:0', 'kawa::0,1', 'kawa:1::3'])('%s', (text) => {
    const target = parseTarget(text);
    expect(target && targetText(target)).toBe(text);
  });
  it.each(['', ':0', 'kawa:', 'kawa::', 'kawa:x', 'a b'])('%j is none', (text) =>
    expect(parseTarget(text)).toBeNull(),
  );
});

describe('checkForm', () => {
  it('lets a plain command pass', () => expect(errorsOf({})).toEqual([]));
  it.each<[Partial<SubmitForm>, string]>([
    [{ command: ' ' }, 'command'],
    [{ command: "echo 'a" }, 'command'],
    [{ command: 'x span:{1..5000000}' }, 'command'],
    [{ maxRunning: '-1' }, 'maxRunning'],
    [{ maxFails: 'x' }, 'maxFails'],
    [{ command: 'x span:{2..1}' }, 'command'],
    [{ cores: '-1' }, 'cores'],
    [{ cores: '0.5' }, 'cores'],
    [{ cores: '1e3' }, 'cores'],
    [{ cores: '' }, 'cores'],
    [{ memory: '512MiB' }, 'memory'],
    [{ memory: '0' }, 'memory'],
    [{ gpuCount: 'two' }, 'gpuCount'],
    [{ placement: 'chosen' }, 'targets'],
    [{ count: '0' }, 'count'],
    [{ priority: '1001' }, 'priority'],
    [{ variables: 'A=1\n=2' }, 'variables'],
    [{ variables: 'no value' }, 'variables'],
    [{ mounts: 'relative:/x' }, 'mounts'],
    [{ mounts: '/a:/b:ro:x' }, 'mounts'],
    [{ directory: 'here' }, 'directory'],
  ])('%j', (part, field) => expect(errorsOf(part)).toEqual([field]));
});

describe('requestOf', () => {
  it('sends only what was chosen', () => {
    expect(requestOf(form({ command: `python -c 'print(1)'` }))).toEqual({
      command: 'python',
      arguments: ['-c', 'print(1)'],
      required_cores: 1,
    });
  });
  it('sends everything that was chosen', () => {
    const part: Partial<SubmitForm> = {
      command: 'p span:{1..2}',
      container: 'NULL',
      cores: '4',
      memory: '2G',
      placement: 'chosen',
      targets: [{ node: 'kawa', numa: null, gpus: [0, 1] }],
      gpuCount: '3',
      variables: 'A=b=c\nEMPTY=',
      mounts: '/data:/data:ro',
      priority: '-5',
      maxRunning: '2',
      user: ' mei ',
    };
    expect(requestOf(form(part))).toEqual({
      command: 'p',
      arguments: ['span:{1..2}'],
      sweep: true,
      max_running: 2,
      required_cores: 4,
      required_memory_bytes: 2e9,
      container_name: 'NULL',
      targets: ['kawa::0,1'],
      env_vars: { A: 'b=c', EMPTY: '' },
      additional_mounts: ['/data:/data:ro'],
      priority: -5,
      submitted_by: 'mei',
    });
    expect(countTasks(form(part))).toBe(2);
  });
});

describe('commandOf', () => {
  it('is what one would type', () => {
    expect(
      commandOf(form({ command: `echo "a b"`, cores: '2', variables: 'MSG=hello world', gpuCount: '1' })),
    ).toBe(`hakuriver.client --gpus 1 --cores 2 --env 'MSG=hello world' -- echo 'a b'`);
  });
  it('keeps spans from the shell', () => {
    expect(commandOf(form({ command: 'p span:{1..3}' }))).toBe(`hakuriver.client -- p 'span:{1..3}'`);
  });
});

it('takes a task as it was', () => {
  const task = aTask({
    command: 'python',
    arguments: ['a b.py'],
    required_memory_bytes: 64e9,
    target: 'kawa:1::0',
    container_name: 'torch',
    env_vars: { A: '1', HAKURIVER_TASK_INDEX: '3' },
  });
  const like = formLike(task, 'mei');
  expect(requestOf(like)).toEqual({
    command: 'python',
    arguments: ['a b.py'],
    required_cores: 1,
    required_memory_bytes: 64e9,
    container_name: 'torch',
    targets: ['kawa:1::0'],
    env_vars: { A: '1' },
    submitted_by: 'mei',
  });
});

it('finds the field of a pointer', () => {
  expect(['/targets/3', '/arguments/0', '', '/nothing'].map(fieldOfPointer)).toEqual([
    'targets',
    'command',
    'command',
    'command',
  ]);
});
