import type { Strategy, SubmitRequest, TaskView } from '@/api/task';
import { parseSize, sizeArgument } from '@/format/size';
import { t } from '@/texts';
import { quoteWords } from './quote';
import { hasSpan, parseSweep, type SweepResult } from './sweep';
import { parseTarget, targetText, type Target } from './target';
import { splitWords } from './words';

/** The submit dialog as it is typed: texts, not values. */
export interface SubmitForm {
  command: string;
  /** "" is the Host's default, "NULL" none. */
  container: string;
  cores: string;
  memory: string;
  placement: 'any' | 'chosen';
  gpuCount: string;
  targets: Target[];
  count: string;
  maxRunning: string;
  maxFails: string;
  priority: string;
  strategy: Strategy | '';
  noQueue: boolean;
  variables: string;
  mounts: string;
  directory: string;
  privileged: boolean;
  user: string;
}

export type FormField = keyof SubmitForm;
export type FormErrors = Partial<Record<FormField, string>>;

export const emptyForm = (user: string): SubmitForm => ({
  command: '',
  container: '',
  cores: '1',
  memory: '',
  placement: 'any',
  gpuCount: '0',
  targets: [],
  count: '1',
  maxRunning: '',
  maxFails: '',
  priority: '0',
  strategy: '',
  noQueue: false,
  variables: '',
  mounts: '',
  directory: '',
  privileged: false,
  user,
});

/** "Same again": the fields that would submit this task once more. */
export function formLike(task: TaskView, user: string): SubmitForm {
  const target = parseTarget(task.target);
  return {
    ...emptyForm(user),
    command: quoteWords([task.command, ...task.arguments]),
    container: task.container_name ?? 'NULL',
    cores: String(task.required_cores),
    memory: task.required_memory_bytes === null ? '' : sizeArgument(task.required_memory_bytes),
    placement: target ? 'chosen' : 'any',
    gpuCount: String(task.gpu_count),
    targets: target ? [target] : [],
    priority: String(task.priority),
    strategy: task.strategy ?? '',
    variables: Object.entries(task.env_vars)
      .filter(([key]) => key !== 'HAKURIVER_TASK_INDEX')
      .map(([key, value]) => `${key}=${value}`)
      .join('\n'),
    mounts: task.additional_mounts.join('\n'),
    directory: task.working_directory,
    privileged: task.privileged,
  };
}

export const linesOf = (text: string): string[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);

/** The words of the command, or none while it cannot be read. */
export function wordsOf(form: SubmitForm): string[] {
  const result = splitWords(form.command);
  return result.ok ? result.words : [];
}

/** What the command stands for when its spans are expanded. */
export const sweepOf = (form: SubmitForm): SweepResult => parseSweep(wordsOf(form));

const inRange = (text: string, low: number, high: number): boolean =>
  /^-?\d+$/.test(text.trim()) && Number(text) >= low && Number(text) <= high;

const MOST_CORES = 100_000;
const MOST_GPUS = 1024;
/** The Host takes no more tasks in one submission. */
const MOST_TASKS = 1_000_000;
const HIGHEST_PRIORITY = 1000;

/** What is wrong, in a sentence beside each field; nothing when it can be sent. */
export function checkForm(form: SubmitForm): FormErrors {
  const errors: FormErrors = {};
  const command = commandError(form);
  if (command) errors.command = command;
  if (!inRange(form.cores, 0, MOST_CORES)) errors.cores = t.submit.errors.cores;
  if (form.memory.trim() && parseSize(form.memory) === null) errors.memory = t.submit.errors.memory;
  if (form.placement === 'any' && !inRange(form.gpuCount, 0, MOST_GPUS))
    errors.gpuCount = t.submit.errors.number;
  if (form.placement === 'chosen' && !form.targets.length) errors.targets = t.submit.errors.targets;
  if (!inRange(form.count, 1, MOST_TASKS)) errors.count = t.submit.errors.count;
  if (form.maxRunning.trim() && !inRange(form.maxRunning, 0, MOST_TASKS))
    errors.maxRunning = t.submit.errors.number;
  if (form.maxFails.trim() && !inRange(form.maxFails, 0, MOST_TASKS))
    errors.maxFails = t.submit.errors.number;
  if (!inRange(form.priority, -HIGHEST_PRIORITY, HIGHEST_PRIORITY))
    errors.priority = t.submit.errors.priority;
  const variable = linesOf(form.variables).find((line) => !/^[A-Za-z_]\w*=/.test(line));
  if (variable) errors.variables = t.submit.errors.variable(variable);
  const mount = linesOf(form.mounts).find((line) => !/^\/[^:]*:\/[^:]*(:ro|:rw)?$/.test(line));
  if (mount) errors.mounts = t.submit.errors.mount(mount);
  if (form.directory && !form.directory.startsWith('/')) errors.directory = t.submit.errors.directory;
  return errors;
}

function commandError(form: SubmitForm): string {
  const result = splitWords(form.command);
  if (!result.ok) return t.submit.errors[result.problem];
  if (!result.words[0]) return t.submit.errors.command;
  const sweep = sweepOf(form);
  if (!sweep.ok) return sweep.problem;
  const { count } = sweep.sweep;
  return count > MOST_TASKS ? t.submit.errors.sweep(count, MOST_TASKS) : '';
}

/** The body to post: only what differs from the Host's defaults. */
export function requestOf(form: SubmitForm): SubmitRequest {
  const [command = '', ...rest] = wordsOf(form);
  return { command, arguments: rest, ...(rest.some(hasSpan) && { sweep: true }), ...optionsOf(form) };
}

function optionsOf(form: SubmitForm): Omit<SubmitRequest, 'command' | 'arguments'> {
  const memory = parseSize(form.memory);
  const variables = linesOf(form.variables).map((line) => splitAt(line, line.indexOf('=')));
  const mounts = linesOf(form.mounts);
  const chosen = form.placement === 'chosen';
  return {
    required_cores: Number(form.cores),
    ...(memory !== null && { required_memory_bytes: memory }),
    ...(form.container && { container_name: form.container }),
    ...(chosen && { targets: form.targets.map(targetText) }),
    ...(!chosen && Number(form.gpuCount) > 0 && { gpu_count: Number(form.gpuCount) }),
    ...(Number(form.count) > 1 && { count: Number(form.count) }),
    ...(form.maxRunning.trim() && { max_running: Number(form.maxRunning) }),
    ...(form.maxFails.trim() && { max_fails: Number(form.maxFails) }),
    ...(Number(form.priority) !== 0 && { priority: Number(form.priority) }),
    ...(form.strategy && { strategy: form.strategy }),
    ...(form.noQueue && { no_queue: true }),
    ...(variables.length && { env_vars: Object.fromEntries(variables) }),
    ...(mounts.length && { additional_mounts: mounts }),
    ...(form.directory && { working_directory: form.directory }),
    ...(form.privileged && { privileged: true }),
    ...(form.user.trim() && { submitted_by: form.user.trim() }),
  };
}

const splitAt = (text: string, at: number): [string, string] => [text.slice(0, at), text.slice(at + 1)];

/** How many tasks a press of the button makes. */
export function countTasks(form: SubmitForm): number {
  const targets = form.placement === 'chosen' ? form.targets.length : 1;
  const result = sweepOf(form);
  return (result.ok ? result.sweep.count : 1) * targets * Number(form.count);
}

/** The same submission as typed into a terminal. */
export function commandOf(form: SubmitForm): string {
  const options: string[] = [];
  const option = (name: string, value?: string): void =>
    void options.push(name, ...(value === undefined ? [] : [value]));
  if (form.placement === 'chosen') form.targets.forEach((target) => option('--target', targetText(target)));
  else if (Number(form.gpuCount) > 0) option('--gpus', form.gpuCount.trim());
  if (form.cores.trim() !== '1') option('--cores', form.cores.trim());
  if (form.memory.trim()) option('--memory', form.memory.trim());
  linesOf(form.variables).forEach((line) => option('--env', line));
  if (form.container) option('--container', form.container);
  linesOf(form.mounts).forEach((line) => option('--mount', line));
  if (form.privileged) option('--privileged');
  if (Number(form.priority) !== 0) option('--priority', form.priority.trim());
  if (form.strategy) option('--strategy', form.strategy);
  if (Number(form.count) > 1) option('--count', form.count.trim());
  if (form.maxRunning.trim()) option('--max-running', form.maxRunning.trim());
  if (form.maxFails.trim()) option('--max-fails', form.maxFails.trim());
  if (form.directory) option('--workdir', form.directory);
  if (form.noQueue) option('--no-queue');
  return `hakuriver.client ${quoteWords([...options, '--', ...wordsOf(form)])}`;
}

/** The form's field that a JSON pointer of the Host's error means. */
export function fieldOfPointer(pointer: string): FormField {
  const names: Record<string, FormField> = {
    command: 'command',
    arguments: 'command',
    env_vars: 'variables',
    required_cores: 'cores',
    required_memory_bytes: 'memory',
    required_gpus: 'targets',
    gpu_count: 'gpuCount',
    targets: 'targets',
    container_name: 'container',
    additional_mounts: 'mounts',
    priority: 'priority',
    strategy: 'strategy',
    count: 'count',
    max_running: 'maxRunning',
    max_fails: 'maxFails',
    working_directory: 'directory',
    privileged: 'privileged',
    submitted_by: 'user',
  };
  return names[pointer.split('/')[1] ?? ''] ?? 'command';
}
