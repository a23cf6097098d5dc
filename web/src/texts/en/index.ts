import { overview, nodes, gpus } from './cluster';
import { environments, terminal } from './environments';
import { submit } from './submit';
import { states, actions, tasks, task, log } from './tasks';

/** Every word of the dashboard. Other languages have the same shape. */
export const en = {
  common: {
    close: 'Close',
    cancel: 'Cancel',
    copy: 'Copy',
    copied: 'Copied',
    retry: 'Try again',
    loading: 'Loading…',
    now: 'now',
    none: 'none',
    secondsAgo: (n: number) => `−${n} s`,
    minutesAgo: (n: number) => `−${n} min`,
  },
  titles: {
    overview: 'Overview',
    nodes: 'Nodes',
    gpus: 'GPUs',
    tasks: 'Tasks',
    environments: 'Environments',
    missing: 'Not found',
  },
  shell: {
    skip: 'Skip to the content',
    newTask: 'New task',
    pages: 'Pages',
    shortcuts: 'Shortcuts',
    theme: 'Theme',
    themes: { system: 'As the system', light: 'Light', dark: 'Dark' },
    version: (version: string) => `HakuRiver ${version}`,
  },
  help: {
    title: 'Keyboard shortcuts',
    api: 'API description',
    licenses: 'Licences',
    goTo: (page: string) => `Go to ${page}`,
    keys: [
      ['n', 'New task'],
      ['/', 'Search'],
      ['j k', 'Next, previous task'],
      ['o', 'Open the task'],
      ['x', 'Tick the task'],
      ['Esc', 'Close'],
      ['?', 'This help'],
    ] as [string, string][],
  },
  connection: {
    lost: 'The Host does not answer.',
    stale: 'What you see is the last that was known.',
    never: 'Is it running? Start it with hakuriver.host.',
    retryIn: (n: number) => `next try in ${n} s`,
    retrying: 'trying…',
    now: 'Try now',
  },
  states,
  actions,
  overview,
  nodes,
  gpus,
  tasks,
  task,
  log,
  submit,
  environments,
  terminal,
  missing: {
    title: 'There is no such page',
    text: 'The address may be old, or mistyped.',
  },
};
