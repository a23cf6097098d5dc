/** Bodies of the environment routes: containers on the Host, and the versions packaged from them. */

export interface ContainerView {
  id: string;
  image: string;
  /** "running", "exited", ... */
  state: string;
  /** As the engine words it. */
  status: string;
}

export interface VersionView {
  version: string;
  tarball: string;
  created_at: string;
  size_bytes: number;
  /** Nodes that have it in their image store. */
  nodes: string[];
}

export interface EnvironmentView {
  name: string;
  container: ContainerView | null;
  /** Newest first. */
  versions: VersionView[];
  is_default: boolean;
  /** What is being done to it now; empty when nothing is. */
  operation: string;
}

export interface EnvironmentList {
  environments: EnvironmentView[];
  engine: string;
  /** Why the engine cannot be used; empty when it can. */
  problem: string;
}

export interface CreateEnvironment {
  image_name: string;
  name: string;
}

export interface OperationProgress {
  operation: string;
  environment: string;
  message: string;
  done_bytes: number | null;
  total_bytes: number | null;
  finished: boolean;
  /** Set on the last step of an operation that failed. */
  error: string;
}
