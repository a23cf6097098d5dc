/** Bodies of the node, health and cluster routes, as the Host describes them. In readings, -1 means unknown. */
import type { Body } from './body';

/** `task_id` is set when the process belongs to a task. */
export type GpuProcessView = Body<'GpuProcess'>;
/** `task_id` is the task that has reserved this GPU. */
export type GpuView = Body<'Gpu'>;
export type NumaView = Body<'NumaNode'>;
export type ExecutorView = Body<'Executor'>;
export type NodeView = Body<'Node'>;
export type HealthNode = Body<'HealthNode'>;
export type HealthAggregate = Body<'HealthAggregate'>;
/** Oldest first. */
export type Health = Body<'Health'>;
export type ClusterView = Body<'Cluster'>;
