import type { CreateEnvironment, EnvironmentList, OperationProgress } from './environment';
import { deleteJson, getJson, postJson, send } from './http';
import { jsonLines } from './lines';
import type { MessageReply } from './task';

const path = (name: string): string => `/api/environments/${encodeURIComponent(name)}`;

export const listEnvironments = (): Promise<EnvironmentList> => getJson('/api/environments');
export const startContainer = (name: string): Promise<MessageReply> => postJson(`${path(name)}/start`);
export const stopContainer = (name: string): Promise<MessageReply> => postJson(`${path(name)}/stop`);
export const deleteContainer = (name: string): Promise<MessageReply> => deleteJson(path(name));
export const deleteVersion = (name: string, version: string): Promise<MessageReply> =>
  deleteJson(`${path(name)}/versions?version=${encodeURIComponent(version)}`);

export type Steps = AsyncGenerator<OperationProgress>;

export const createEnvironment = (request: CreateEnvironment): Promise<Steps> =>
  operation('/api/environments', { json: request });
export const packageEnvironment = (name: string): Promise<Steps> => operation(`${path(name)}/package`, {});
export const importTarball = (name: string, tarball: Blob): Promise<Steps> =>
  operation(`${path(name)}/import`, { body: tarball, headers: { 'Content-Type': 'application/x-tar' } });

async function operation(route: string, options: Parameters<typeof send>[1]): Promise<Steps> {
  return jsonLines<OperationProgress>(await send(route, { method: 'POST', deadlineMs: 0, ...options }));
}
