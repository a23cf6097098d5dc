/** Bodies of the node, health and cluster routes. In readings, -1 means unknown. */

export interface GpuProcessView {
  pid: number;
  user: string;
  command: string;
  memory_bytes: number;
  /** Set when the process belongs to a task. */
  task_id: string | null;
}

export interface GpuView {
  gpu_id: number;
  uuid: string;
  name: string;
  vendor: string;
  driver_version: string;
  pci_bus_id: string;
  healthy: boolean;
  problem: string;
  gpu_utilization: number;
  mem_utilization: number;
  graphics_clock_mhz: number;
  mem_clock_mhz: number;
  memory_total_mib: number;
  memory_used_mib: number;
  memory_free_mib: number;
  temperature: number;
  fan_speed: number;
  power_usage_mw: number;
  power_limit_mw: number;
  /** The task that has reserved this GPU. */
  task_id: string | null;
  processes: GpuProcessView[];
}

export interface NumaView {
  cores: number[];
  memory_bytes: number | null;
}

export interface ExecutorView {
  name: string;
  available: boolean;
  problem: string;
  warnings: string[];
}

export interface NodeView {
  hostname: string;
  url: string;
  status: string;
  drained: boolean;
  version: string;
  total_cores: number;
  cores_in_use: number;
  available_cores: number;
  memory_total_bytes: number;
  memory_reserved_bytes: number;
  memory_used_bytes: number;
  memory_percent: number;
  cpu_percent: number;
  current_avg_temp: number | null;
  current_max_temp: number | null;
  last_heartbeat: string | null;
  numa_topology: Record<string, NumaView>;
  gpu_info: GpuView[];
  executors: ExecutorView[];
  tasks: string[];
}

export interface HealthNode {
  hostname: string;
  status: string;
  last_heartbeat: string | null;
  cpu_percent: number;
  memory_percent: number;
  memory_used_bytes: number;
  memory_total_bytes: number;
  total_cores: number;
  numa_topology: Record<string, NumaView>;
  current_avg_temp: number | null;
  current_max_temp: number | null;
  gpu_info: GpuView[];
}

export interface HealthAggregate {
  totalNodes: number;
  onlineNodes: number;
  totalCores: number;
  totalMemBytes: number;
  usedMemBytes: number;
  avgCpuPercent: number;
  avgMemPercent: number;
  maxAvgCpuTemp: number | null;
  maxMaxCpuTemp: number | null;
  avgGpuPercent: number;
  lastUpdated: string;
}

/** The last 60 one-second samples, oldest first. */
export interface Health {
  nodes: HealthNode[][];
  aggregate: HealthAggregate[];
}

export interface ClusterView {
  version: string;
  now: string;
  nodes_online: number;
  nodes_total: number;
  cores_total: number;
  cores_in_use: number;
  memory_total_bytes: number;
  memory_reserved_bytes: number;
  gpus_total: number;
  gpus_in_use: number;
  tasks: Record<string, number>;
  default_container: string;
  default_strategy: string;
}
