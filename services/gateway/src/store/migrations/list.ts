/** Migrations, forward only, in order. A released one never changes: a new one is added at the end. */
import { initial } from './0001-initial.ts';
import { orders } from './0002-orders.ts';
import { live } from './0003-live.ts';
import { resources } from './0004-resources.ts';
import { results } from './0005-results.ts';
import { resultsDid } from './0006-results-did.ts';
import { turns } from './0007-turns.ts';

export const MIGRATIONS: readonly string[] = [initial, orders, live, resources, results, resultsDid, turns];
