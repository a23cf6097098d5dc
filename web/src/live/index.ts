import { EventHub } from './events';

/** The page's one hub; stores and views listen here, `stores/connection.ts` feeds it. */
export const live = new EventHub();
