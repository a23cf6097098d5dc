/** Bodies of the environment routes, as the Host describes them: containers on the Host, and versions packaged from them. */
import type { Body } from './body';

export type ContainerView = Body<'Container'>;
/** `nodes` have it in their image store. */
export type VersionView = Body<'EnvironmentVersion'>;
/** Versions newest first; `operation` is what is being done to it now, empty when nothing is. */
export type EnvironmentView = Body<'Environment'>;
/** `problem` is why the engine cannot be used; empty when it can. */
export type EnvironmentList = Body<'EnvironmentList'>;
export type CreateEnvironment = Body<'CreateEnvironment'>;
/** `error` is set on the last step of an operation that failed. */
export type OperationProgress = Body<'OperationProgress'>;
