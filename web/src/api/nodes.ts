import { deleteJson, getJson, postJson } from './http';
import type { ClusterView, Health, NodeView } from './node';
import type { MessageReply } from './task';

const path = (name: string): string => `/api/nodes/${encodeURIComponent(name)}`;

export const getCluster = (): Promise<ClusterView> => getJson('/api/cluster');
export const getHealth = (): Promise<Health> => getJson('/api/health');
/** The cluster's last hour, a sample for every ten seconds; without nodes. */
export const getHealthHour = (): Promise<Health> => getJson('/api/health?range=hour');
export const listNodes = async (): Promise<NodeView[]> =>
  (await getJson<{ nodes: NodeView[] }>('/api/nodes')).nodes;
export const drainNode = (name: string): Promise<MessageReply> => postJson(`${path(name)}/drain`);
export const undrainNode = (name: string): Promise<MessageReply> => postJson(`${path(name)}/undrain`);
export const removeNode = (name: string): Promise<MessageReply> => deleteJson(path(name));
