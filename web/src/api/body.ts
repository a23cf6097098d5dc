import type { components } from './schema';

/** A body by its name in the Host's description; `npm run types` writes that into schema.ts. */
export type Body<Name extends keyof components['schemas']> = components['schemas'][Name];
