/** Every setting of the node: its default, unit and reason stand beside it. `docs/configuration.md` is made from here. */
import { Type, type Static } from 'typebox';
import { AssetsSchema } from './assets.ts';
import { AuthSchema } from './auth.ts';
import { ChainSchema } from './chains.ts';
import { EgressSchema } from './egress.ts';
import { EnvironmentConfigSchema } from './environment.ts';
import { FetchSchema } from './fetch.ts';
import { FilesSchema } from './files.ts';
import { ImagesSchema, RegistrySchema } from './images.ts';
import { LimitsSchema } from './limits.ts';
import { LiveSchema } from './live.ts';
import { NotifySchema } from './notify.ts';
import { DecryptersSchema, OperatorsSchema } from './operators.ts';
import { QuotasSchema } from './quotas.ts';
import { ResultsSchema } from './results.ts';
import { RetentionSchema } from './retention.ts';
import { LARGEST_CHAIN_ID, LARGEST_GB, LONGEST_TIMER_S, section, strict } from './section.ts';

const LogLevelSchema = Type.Union(
  [Type.Literal('debug'), Type.Literal('info'), Type.Literal('warn'), Type.Literal('error'), Type.Literal('silent')],
  { default: 'info', description: 'Least severity that is logged; `error` means that a person must act.' },
);

const NatsSchema = Type.Object(
  {
    servers: Type.Array(Type.String({ minLength: 1 }), {
      minItems: 1,
      default: ['nats://127.0.0.1:4222'],
      description: 'Where NATS listens. JetStream must be on.',
    }),
    user: Type.Optional(Type.String({ description: 'User name, if NATS asks for one.' })),
    password: Type.Optional(
      Type.String({ description: 'Password of that user. Better given as an environment variable.' }),
    ),
    adminUser: Type.Optional(
      Type.String({
        description:
          "User that may make streams and consumers, where NATS gives the gateway's own user no right to. Only the gateway uses it, at its start and for new environments; `npm run broker-setup` can do without.",
      }),
    ),
    adminPassword: Type.Optional(
      Type.String({ description: 'Password of that user. Better given as an environment variable.' }),
    ),
  },
  section("The message broker between gateway and runner. It carries; the gateway's store keeps."),
);

const CompatSchema = Type.Object(
  {
    noncelessStop: Type.Boolean({
      default: true,
      description:
        'Whether to accept a stop whose signature covers address and job only, as ocean.js signs it from 3.3 on. Replayed, it can only stop that one run again.',
    }),
    legacyTokens: Type.Boolean({
      default: false,
      description:
        'Whether tokens and tickets are given for a signature over address and nonce, as Ocean Provider does. That text is also the one of a status request, and names no node: whoever sees one may be able to make a token of it, here or elsewhere. For clients of yours that can sign nothing else yet.',
    }),
  },
  section('What real clients get wrong, and the node makes up for.'),
);

const GatewaySchema = Type.Object(
  {
    host: Type.String({
      default: '127.0.0.1',
      description: 'Address to listen on. Only this machine by default; put a TLS proxy in front before you open it.',
    }),
    port: Type.Integer({
      minimum: 0,
      maximum: 65535,
      default: 8030,
      description: 'Port to listen on; 0 takes a free one.',
    }),
    publicUrl: Type.Optional(
      Type.String({
        pattern: '^https?://[^/?#@]+(/[^/?#]+)*$',
        description:
          'How clients reach the node, without a slash at the end; with a path where a proxy serves the node below one (`https://example.org/capstan`). Result URLs start with it; `http://<host>:<port>` if absent. Never taken from a request, whose Host header anyone can write.',
      }),
    ),
    chainId: Type.Integer({
      minimum: 1,
      maximum: LARGEST_CHAIN_ID,
      default: 8996,
      description: 'Chain that assets and environments of this node belong to.',
    }),
    statusAccess: Type.Union([Type.Literal('open'), Type.Literal('id'), Type.Literal('signed')], {
      default: 'open',
      description:
        "`open`: whoever knows a job id, DID or address may read statuses, as Ocean Provider has it. `id`: whoever knows a job id (128 bits by chance) may read that one job, and lists need proof; ocean.js works with it, and it is what we recommend. `signed`: callers see their own jobs only. Results are always the owner's alone.",
    }),
    auth: AuthSchema,
    hosts: Type.Array(Type.String({ pattern: '^[A-Za-z0-9._-]{1,253}$' }), {
      default: [],
      description:
        'Further names that the node answers to, without a port, e.g. the one it has in your own network. Addresses, `localhost` and the name in `publicUrl` need not stand here. Any other name gets a 421, since a web page can have a name of its own lead to an address of yours (DNS rebinding).',
    }),
    operators: OperatorsSchema,
    decrypters: DecryptersSchema,
    download: Type.Boolean({
      default: true,
      description:
        'Whether consumers may download files of services of the type `access` that they have ordered. Data of the type `compute` never leaves. If off, `initialize` sells no such service.',
    }),
    freeDownloads: Type.Boolean({
      default: false,
      description:
        'Whether such files may be downloaded by anybody, without an order, where the node has no access to the chain of the asset (`chains`). Off: only by consumers whom the asset lists by address.',
    }),
    corsOrigins: Type.Array(Type.String({ minLength: 1 }), {
      default: ['*'],
      description:
        'Web pages that browsers let read the answers, by origin; `*` for any. Cookies and other ambient credentials are never let through: callers sign, or bring a token.',
    }),
    trustedProxies: Type.Array(Type.String({ minLength: 1 }), {
      default: [],
      description:
        'Addresses or ranges (CIDR) of proxies of yours that are believed when they say whom they heard from. Anyone else can write what they like there.',
    }),
    forwardedHeader: Type.Union([Type.Literal('X-Forwarded-For'), Type.Literal('Forwarded')], {
      default: 'X-Forwarded-For',
      description:
        'The header in which those proxies say it. Only this one is read: the other a proxy passes on as a client wrote it. Entries may carry ports and brackets.',
    }),
    limits: LimitsSchema,
    quotas: QuotasSchema,
    notify: NotifySchema,
    live: LiveSchema,
    retention: RetentionSchema,
    compat: CompatSchema,
    catalogueDir: Type.Optional(
      Type.String({ description: 'Folder of asset descriptions (DDO files); `<dataDir>/catalogue` if absent.' }),
    ),
    metadataStoreUrl: Type.Optional(
      Type.String({
        pattern: '^https?://[^/?#@]+(/[^?#]*)?$',
        description:
          'Metadata store (Aquarius) that assets outside of the catalogue are looked up in, e.g. `https://v4.aquarius.oceanprotocol.com`. Without one, the node knows its catalogue only.',
      }),
    ),
    metadataStoreTimeoutS: Type.Number({
      exclusiveMinimum: 0,
      maximum: LONGEST_TIMER_S,
      default: 5,
      description: 'Longest wait for one answer of the metadata store, in seconds. It is asked twice at most.',
    }),
    metadataFreshS: Type.Number({
      minimum: 0,
      maximum: 86_400,
      default: 2,
      description:
        'How long a description from the metadata store is taken as it is before the store is asked again, in seconds. So long may an asset that its owner has just disabled still be ordered.',
    }),
  },
  section('The REST and WebSocket side.'),
);

const RunnerSchema = Type.Object(
  {
    id: Type.Optional(
      Type.String({
        pattern: '^[A-Za-z0-9_-]{1,64}$',
        description:
          'Name of this runner; every runner on the same NATS needs one of its own. Without it one is made at the first start and kept in the data folder.',
      }),
    ),
    dockerSocket: Type.String({ default: '/var/run/docker.sock', description: 'Socket of the Docker Engine.' }),
    filesThroughEngine: Type.Boolean({
      default: false,
      description:
        "Whether all files of jobs go in and come out through the engine. Without it, a runner that is root on the engine's machine writes and reads them in the engine's volumes where they are few, small and plain, at a third of the processor time of a short job.",
    }),
    jobUid: Type.Integer({
      minimum: 1,
      maximum: 65_533,
      default: 10_001,
      description:
        'First of the user and group ids that algorithms run as, where their environment has none of its own. Never root.',
    }),
    jobUids: Type.Integer({
      minimum: 1,
      maximum: 65_533,
      default: 10_000,
      description:
        'How many such ids there are, one after another, up to 65533; each job gets one of them. The kernel counts some things for each user over all containers (watches of files, queued signals, message queues, pipes), so that jobs of one user can take them from one another. With 1, and in an environment with an id of its own, all jobs run as the same.',
    }),
    pullTimeoutS: Type.Number({
      exclusiveMinimum: 0,
      maximum: LONGEST_TIMER_S,
      default: 1_800,
      description: 'Longest pull of an image, in seconds. It does not count as run time.',
    }),
    phaseTimeoutS: Type.Number({
      exclusiveMinimum: 0,
      maximum: LONGEST_TIMER_S,
      default: 43_200,
      description:
        'Longest that the image of a job, and then its data, may take to be there, in seconds, with all retries and waiting. A job that takes longer ends, and its place is free for others.',
    }),
    paidPhaseS: Type.Number({
      exclusiveMinimum: 0,
      maximum: LONGEST_TIMER_S,
      default: 3_600,
      description:
        'The same of a job that is paid for by the minute, in seconds: as long as its order pays for, and so long where that is less. Else a place could be had for hours at the price of a minute, with data that comes slowly.',
    }),
    images: ImagesSchema,
    registries: Type.Array(RegistrySchema, {
      default: [],
      description:
        'Registries that want a login: `host`, `username` and `password` of each. Better given as an environment variable than in a file.',
    }),
    minFreeDiskGB: Type.Number({
      minimum: 0,
      maximum: LARGEST_GB,
      default: 1,
      description:
        "Free space, in GB, that must be left on the disk of the data folder and on the engine's. Below it the runner takes no new jobs and ends pulls, until there is space again.",
    }),
    reapEveryS: Type.Number({
      minimum: 1,
      maximum: 86_400,
      default: 300,
      description:
        'How often the runner looks for containers, volumes and half-written results of its own that no run has in hand any more, in seconds. It also does when it starts.',
    }),
    takeoverAfterS: Type.Number({
      minimum: 1,
      maximum: LONGEST_TIMER_S,
      default: 120,
      description:
        'Where several runners offer one environment: how long one that started a job must have been silent on NATS before another begins the job anew, in seconds. A runner that is only cut off ends its own jobs after two thirds of it, so that none runs twice: set it longer than your NATS may be away. A runner that is alone keeps its jobs for a day. The same on all runners.',
    }),
    stopGraceS: Type.Integer({
      minimum: 0,
      maximum: 300,
      default: 8,
      description: 'Seconds between asking an algorithm to stop (SIGTERM) and killing it (SIGKILL).',
    }),
    maxLogMB: Type.Number({
      exclusiveMinimum: 0,
      maximum: 100_000,
      default: 20,
      description:
        "Most of an algorithm's output that is kept as its log, in MB. While the job runs, the engine may take eight times as much of its own disk: it writes some bytes around each line. An algorithm that writes more than ten times as much is stopped.",
    }),
    maxOutputFiles: Type.Integer({
      minimum: 1,
      maximum: 2_000,
      default: 1_000,
      description: 'Most files in the outputs of a job; the event that lists them must fit into one NATS message.',
    }),
    fetch: FetchSchema,
    files: FilesSchema,
    egress: EgressSchema,
    environments: Type.Array(EnvironmentConfigSchema, {
      minItems: 1,
      default: [{}],
      description: 'What consumers can choose to run in.',
    }),
  },
  section('The side that drives Docker.'),
);

export const ConfigSchema = Type.Object(
  {
    dataDir: Type.String({
      minLength: 1,
      default: './var',
      description: 'Folder of everything the node keeps: its key, the store, results, the catalogue. Back it up.',
    }),
    nodeKey: Type.Optional(
      Type.String({
        description:
          'Private key of the node (32 bytes, hex). Assets are encrypted to it. Made on the first start and kept in `<dataDir>/node.key` if absent. Better given as an environment variable than in a file.',
      }),
    ),
    logLevel: LogLevelSchema,
    chains: Type.Array(ChainSchema, {
      default: [],
      description: 'Chains that orders are looked up on. None for a node whose orders are all free.',
    }),
    assets: AssetsSchema,
    nats: NatsSchema,
    results: ResultsSchema,
    gateway: GatewaySchema,
    runner: RunnerSchema,
  },
  strict,
);
export type Config = Static<typeof ConfigSchema>;
