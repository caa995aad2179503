/** Settings of the network that jobs may have. */
import { Type } from 'typebox';
import { section } from './section.ts';

const RANGE = '^[0-9a-fA-F.:]+/[0-9]{1,3}$';

export const EgressSchema = Type.Object(
  {
    allow: Type.Array(Type.String({ pattern: RANGE }), {
      default: [],
      description:
        'Address ranges (CIDR) that jobs with a network may reach although they are not public, e.g. of a package mirror. All of their ports are open then.',
    }),
    ports: Type.Array(Type.Integer({ minimum: 1, maximum: 65_535 }), {
      default: [80, 443],
      description:
        'Ports of public addresses that jobs with a network may speak to. A job that may speak to all of them can send mail, try passwords and scan in the name of your address; an empty list opens all.',
    }),
    deny: Type.Array(Type.String({ pattern: RANGE }), {
      default: [],
      description:
        "Public address ranges (CIDR) that neither jobs nor downloads nor notifications may reach: other machines of yours. Jobs never reach those of the engine's own machine, downloads never those that the runner sees as its machine's: in a container it sees the container's, so name the machine's here.",
    }),
  },
  section('How far jobs get whose environment and datasets allow them a network.'),
);
