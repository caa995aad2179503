/** Settings of what one client may ask of the gateway. */
import { Type } from 'typebox';
import { LONGEST_TIMER_S, section } from './section.ts';

export const LimitsSchema = Type.Object(
  {
    perIpPerSecond: Type.Number({
      minimum: 0,
      default: 200,
      description: 'Requests a second that one network address may send for long; 0 for no limit.',
    }),
    perIpBurst: Type.Integer({
      minimum: 1,
      default: 1_000,
      description: 'Requests that one network address may send at once, after a pause.',
    }),
    perCallerPerSecond: Type.Number({
      minimum: 0,
      default: 50,
      description:
        'The same for one consumer address in requests that must be signed, however many networks they come from; 0 for no limit.',
    }),
    perCallerBurst: Type.Integer({
      minimum: 1,
      default: 200,
      description: 'Signed requests of one consumer address at once, after a pause.',
    }),
    maxConnections: Type.Integer({
      minimum: 1,
      default: 20_000,
      description: 'Open connections, live status included.',
    }),
    headersTimeoutS: Type.Number({
      exclusiveMinimum: 0,
      maximum: LONGEST_TIMER_S,
      default: 10,
      description: 'Longest time a client may take to send its headers, in seconds.',
    }),
    requestTimeoutS: Type.Number({
      exclusiveMinimum: 0,
      maximum: LONGEST_TIMER_S,
      default: 60,
      description: 'Longest time a client may take to send a whole request, in seconds.',
    }),
  },
  section('What one client may ask of the node.'),
);
