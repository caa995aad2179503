/** Settings of what one client may ask of the gateway. */
import { Type } from 'typebox';
import { LONGEST_TIMER_S, section } from './section.ts';

export const LimitsSchema = Type.Object(
  {
    perIpPerSecond: Type.Number({
      minimum: 0,
      maximum: 1_000_000,
      default: 200,
      description: 'Requests a second that one network address may send for long; 0 for no limit.',
    }),
    perIpBurst: Type.Integer({
      minimum: 1,
      maximum: 1_000_000_000,
      default: 1_000,
      description: 'Requests that one network address may send at once, after a pause.',
    }),
    perCallerPerSecond: Type.Number({
      minimum: 0,
      maximum: 1_000_000,
      default: 50,
      description:
        'The same for one consumer address in requests that must be signed, however many networks they come from; 0 for no limit.',
    }),
    perCallerBurst: Type.Integer({
      minimum: 1,
      maximum: 1_000_000_000,
      default: 200,
      description: 'Signed requests of one consumer address at once, after a pause.',
    }),
    fileChecksPerHour: Type.Integer({
      minimum: 0,
      maximum: 1_000_000,
      default: 120,
      description:
        'How often in an hour the files of an algorithm are downloaded before an order, at most 50 MB each, to see whether they are the ones that were approved. `initializeCompute`, which asks for it, is open to everybody, so this holds for the whole node, and one network has a quarter of it; beyond it, and for 0, the job itself finds out.',
    }),
    fileInfosPerHour: Type.Integer({
      minimum: 0,
      maximum: 1_000_000,
      default: 600,
      description:
        'How often in an hour `fileinfo` may make the node look at files, at most 20 for each question. The route is open to everybody, so this holds for the whole node, and one network has a quarter of it; what is known already is answered without a look. With `checksum` it also counts among `fileChecksPerHour`. 0 turns the route off.',
    }),
    outsidePerSecond: Type.Number({
      minimum: 0,
      maximum: 1_000_000,
      default: 30,
      description:
        'What requests of one network address may make the node ask of others (metadata store, chains), in questions a second for long; 0 for no limit. What costs nobody anything to ask, such as initializeCompute, can hold up to 34 assets.',
    }),
    outsideBurst: Type.Integer({
      minimum: 1,
      maximum: 1_000_000,
      default: 600,
      description: 'Such questions at once, after a pause.',
    }),
    maxConnections: Type.Integer({
      minimum: 1,
      maximum: 1_000_000,
      default: 20_000,
      description: 'Open connections, live status included.',
    }),
    maxConnectionsPerNetwork: Type.Optional(
      Type.Integer({
        minimum: 8,
        maximum: 1_000_000,
        description:
          'The same from one network address, whatever is asked on them; what is beyond it is closed as it comes. `trustedProxies` may hold as many as all. `live.maxFollowersPerNetwork` and 500 more if absent.',
      }),
    ),
    headersTimeoutS: Type.Number({
      exclusiveMinimum: 0,
      maximum: LONGEST_TIMER_S,
      default: 10,
      description: 'Longest time a client may take to send its headers, in seconds.',
    }),
    keepAliveS: Type.Number({
      exclusiveMinimum: 0,
      maximum: LONGEST_TIMER_S,
      default: 90,
      description:
        'How long a connection that nothing is asked on is kept, in seconds. Longer than proxies keep theirs (nginx 60, most clouds 60 to 75): else a request may be on its way when the connection closes, and dies without an answer.',
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
