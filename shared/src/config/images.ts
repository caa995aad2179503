/** Settings of the images that algorithms run in: which ones, from where, and for how long they stay. */
import { Type, type Static } from 'typebox';
import { LARGEST_GB, section, strict } from './section.ts';

const REGISTRY_HOST = '^([A-Za-z0-9.-]+|\\[[0-9A-Fa-f:]+\\])(:[0-9]{1,5})?$';

export const RegistrySchema = Type.Object(
  {
    host: Type.String({
      pattern: REGISTRY_HOST,
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
    registries: Type.Array(Type.String({ pattern: REGISTRY_HOST }), {
      default: [
        'docker.io',
        'ghcr.io',
        'quay.io',
        'registry.gitlab.com',
        'mcr.microsoft.com',
        'public.ecr.aws',
        'gcr.io',
        'registry.k8s.io',
      ],
      description:
        'Registries that images are pulled from, by host, with the port if there is one. The engine asks whatever host the name of an image says, and follows it wherever it leads, from inside your network: so only those that are known. Hosts in `runner.registries` and in `allow` count as listed here.',
    }),
    local: Type.Array(Type.String({ minLength: 1, maxLength: 512 }), {
      default: [],
      description:
        'Images that jobs may use although only this machine has them, or only its login gets them: a repository as in `allow`, with or without a `:tag`, or the id of an image (`sha256:…`). Jobs get no other image that is on the machine unless its registry gives it to everybody.',
    }),
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
      maximum: LARGEST_GB,
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
