/** Settings of how owners are told about their jobs. */
import { Type } from 'typebox';
import { LONGEST_KEEP_S, LONGEST_TIMER_S, section } from './section.ts';

export const NotifySchema = Type.Object(
  {
    allowPrivate: Type.Array(Type.String(), {
      default: [],
      description:
        'Address ranges (CIDR) of private receivers, e.g. `10.1.0.0/16`. Everything that is not a public address is refused otherwise, so that no job can make the node knock on doors in your network.',
    }),
    timeoutS: Type.Number({
      exclusiveMinimum: 0,
      maximum: LONGEST_TIMER_S,
      default: 10,
      description: 'Longest wait for the answer of a receiver, in seconds.',
    }),
    giveUpAfterS: Type.Integer({
      minimum: 0,
      maximum: LONGEST_KEEP_S,
      default: 86_400,
      description:
        'How long a receiver that fails is tried again, at growing intervals of an hour at most, in seconds.',
    }),
  },
  section('Notifications to the address that a job names (`output.notifyUrl`).'),
);
