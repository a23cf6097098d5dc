import { counted as s } from '../plural';

export const environments = {
  note: 'Containers on the Host, and what tasks run in',
  default: 'default',
  running: 'running',
  stopped: 'stopped',
  noContainer: 'No container on the Host; its packaged versions still run.',
  start: 'Start',
  stop: 'Stop',
  shell: 'Shell',
  package: 'Package',
  packageHint: 'Publish the container as it is now for all nodes',
  remove: 'Delete',
  deleteContainer: (name: string) => `Delete the container of ${name}`,
  deleteTitle: (name: string) => `Delete the container of ${name}?`,
  deleteText: 'What was changed in it since it was packaged is lost. Packaged versions stay.',
  newest: 'newest',
  noVersions: 'Not packaged yet: no task can use it.',
  onNodes: (n: number, all: number) => `on ${n} of ${s(all, 'node')}`,
  onNoNode: 'on no node yet; it comes with the first task that needs it',
  deleteVersion: (version: string) => `Delete version ${version}`,
  deleteVersionTitle: 'Delete this version?',
  deleteVersionText: 'Its tarball is deleted. Nodes that have it keep it.',
  operations: { create: 'Creating the container', package: 'Packaging', import: 'Importing' } as Record<
    string,
    string
  >,
  finished: (operation: string, name: string) =>
    operation === 'create'
      ? `${name} was created.`
      : operation === 'package'
        ? `${name} was packaged.`
        : `${name} was imported.`,
  brokeOff: 'The operation broke off.',
  create: 'New environment',
  createIt: 'Create',
  image: 'Image',
  imageHint: 'Any image the engine can pull, or has.',
  name: 'Name',
  nameHint: 'Lower case letters, digits, dots, dashes and underscores.',
  errors: {
    image: 'Say which image to start from.',
    name: 'A name begins with a lower case letter or digit, then letters, digits, dots, dashes and underscores; 63 at most.',
  },
  import: 'Import',
  importHint: 'Bring a tarball from this computer',
  importing: (file: string) => `Importing ${file}…`,
  notTarball: (file: string) =>
    `${file} is no tarball of an environment: its name should be NAME.tar or NAME-VERSION.tar.`,
  none: 'No environments yet',
  noneText: 'You set up a container by hand on the Host; tasks then run in it on every node.',
  noneCommand: 'hakuriver.docker create-container python:3.12-slim my-env',
};

export const terminal = {
  title: (what: string) => `Terminal: ${what}`,
  environment: (name: string) => `Container of ${name}`,
  task: (id: string) => `Task ${id}`,
  connecting: 'Connecting…',
  connected: 'Connected',
  ended: (code: number) => `The shell has ended with exit code ${code}.`,
  lost: 'The connection is lost.',
  again: 'Connect again',
  what: 'Say what to open: /terminal.html?environment=NAME or ?task=ID.',
  region: 'Terminal',
};
