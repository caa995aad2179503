/** Settings of the images that algorithms run in: which ones, from where, and for how long they stay. */
import { Type, type Static } from 'typebox';
import { section, strict } from './section.ts';

export const RegistrySchema = Type.Object(
  {
    host: Type.String({
      pattern: '^[A-Za-z0-9.-]+(:[0-9]{1,5})?$',
      description: 'Host of the registry, with its port if it has one; `docker.io` for Docker Hub.',
    }),
    username: Type.String({ minLength: 1, description: 'User name there.' }),
    password: Type.String({ minLength: 1, description: 'Password or access token of that user.' }),
  },
  strict,
);
export type RegistryConfig = Static<typeof RegistrySchema>;

export const ImagesSchema = Type.Object(
  {
    allow: Type.Optional(
      Type.Array(Type.String({ minLength: 1 }), {
        description:
          'Repositories whose images may run, e.g. `registry.example/team/*`; all others are refused. `*` stands for anything within one part of a path, `**` for anything at all; a name without a registry means Docker Hub. Any image may run if absent, none if empty.',
      }),
    ),
    deny: Type.Array(Type.String({ minLength: 1 }), {
      default: [],
      description: 'Repositories whose images never run, whatever is allowed. Written like `allow`.',
    }),
    requireDigest: Type.Boolean({
      default: false,
      description:
        'Whether every container must name the digest of its image (`checksum`): tags can be moved to other images after somebody trusted them.',
    }),
    maxImageGB: Type.Number({
      exclusiveMinimum: 0,
      default: 20,
      description:
        'Largest image that is pulled, in GB. A pull ends as soon as its layers are known to be larger; what they unpack to is checked after it.',
    }),
    stallTimeoutS: Type.Number({
      exclusiveMinimum: 0,
      maximum: 86_400,
      default: 120,
      description: 'Longest time a pull may go on without any progress, in seconds.',
    }),
    evictAbovePercent: Type.Number({
      exclusiveMinimum: 0,
      maximum: 100,
      default: 85,
      description:
        "How full the engine's disk may get, in percent. Above it, images that this runner pulled and no container uses are removed, those not used for the longest time first. 100 keeps all.",
    }),
    evictBelowPercent: Type.Number({
      minimum: 0,
      maximum: 100,
      default: 75,
      description: 'How full the disk is when that ends, in percent; never more than `evictAbovePercent`.',
    }),
    engineRoot: Type.Optional(
      Type.String({
        minLength: 1,
        description:
          "Any folder of this machine on the disk that holds the engine's images. The folder that the engine itself names if absent, or else, where that can't be seen from here, the data folder.",
      }),
    ),
  },
  section('Images of algorithms: which may run, and when they go.'),
);
export type ImagesConfig = Static<typeof ImagesSchema>;
