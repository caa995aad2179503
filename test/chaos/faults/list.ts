/** All faults that a run can do to a node. */
import { CONSUMER_FAULTS } from './consumers.ts';
import type { Fault } from './fault.ts';
import { PROCESS_FAULTS } from './processes.ts';
import { FAULTS_AROUND } from './surroundings.ts';

export const FAULTS: readonly Fault[] = [...PROCESS_FAULTS, ...FAULTS_AROUND, ...CONSUMER_FAULTS];
