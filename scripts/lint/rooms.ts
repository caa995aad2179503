/**
 * Who may import whom, in one table. `docs/architecture.md` draws the same lines; a new room or a new line between rooms is a row here.
 * The rules for the linter are derived from it in `restrictions.ts`.
 */

/** The folders of a workspace are its rooms; `.` stands for the files beside them. */
export interface Workspace {
  readonly src: string;
  /** Room → the other rooms, or single files beside them, that its files may import, for values and types alike. */
  readonly rooms: Readonly<Record<string, readonly string[]>>;
}

export const WORKSPACES: readonly Workspace[] = [
  {
    src: 'shared/src',
    rooms: {
      contract: [],
      // Whatever is checked against a schema, and said of what does not fit.
      schema: ['contract'],
      runtime: ['contract'],
      crypto: ['contract', 'runtime'],
      assets: ['contract', 'schema', 'runtime'],
      config: ['contract', 'schema', 'runtime', 'crypto'],
      net: ['contract', 'runtime'],
      bus: ['contract', 'schema', 'runtime', 'config'],
      results: ['contract', 'schema', 'runtime', 'config'],
      // Browsers load it, too: what it imports must need nothing that they lack.
      client: ['contract'],
      '.': [],
    },
  },
  {
    // From the ground up: a room imports only rooms that stand above it in this list.
    src: 'services/gateway/src',
    rooms: {
      store: [],
      chain: [],
      control: [],
      results: [],
      limits: [],
      assets: ['chain'],
      auth: ['store', 'limits'],
      orders: ['chain', 'assets'],
      notify: ['store'],
      quotas: ['store'],
      files: ['store', 'assets', 'auth', 'orders'],
      scheduling: ['store', 'quotas'],
      events: ['store', 'assets', 'results', 'notify', 'quotas'],
      controller: ['store', 'quotas', 'scheduling', 'events'],
      maintenance: ['store', 'assets', 'scheduling', 'controller'],
      status: ['store', 'results', 'auth', 'orders', 'quotas', 'scheduling', 'controller'],
      admission: [
        'store',
        'results',
        'assets',
        'auth',
        'orders',
        'notify',
        'quotas',
        'files',
        'scheduling',
        'controller',
        'status',
      ],
      live: ['store', 'scheduling', 'events', 'controller', 'status'],
      logs: ['store', 'results', 'auth', 'status', 'live'],
      http: [
        'results',
        'limits',
        'assets',
        'auth',
        'orders',
        'files',
        'scheduling',
        'status',
        'admission',
        'live',
        'logs',
      ],
      ws: ['limits', 'auth', 'status', 'live', 'logs'],
      // The composition of the gateway.
      '.': [
        'store',
        'chain',
        'control',
        'results',
        'limits',
        'assets',
        'auth',
        'orders',
        'notify',
        'quotas',
        'files',
        'scheduling',
        'events',
        'controller',
        'maintenance',
        'status',
        'admission',
        'live',
        'logs',
        'http',
        'ws',
      ],
    },
  },
  {
    // What browsers load: beside it they get shared's client, its status table and its errors.
    src: 'services/gateway/ui',
    rooms: {
      // What all of it stands on.
      '.': [],
      views: ['.'],
      page: ['.', 'views'],
    },
  },
  {
    // From the ground up, as above.
    src: 'services/runner/src',
    rooms: {
      docker: [],
      fetch: [],
      results: [],
      images: ['docker'],
      logs: ['docker'],
      egress: ['docker'],
      environments: ['docker'],
      reporting: ['docker'],
      files: ['fetch'],
      host: ['docker', 'images', 'environments'],
      pipeline: ['docker', 'fetch', 'results', 'images', 'logs', 'egress', 'environments', 'reporting'],
      worker: ['docker', 'results', 'logs', 'environments', 'reporting', 'pipeline'],
      maintenance: ['docker', 'results', 'pipeline'],
      // The composition of the runner, and the ports that it is given.
      '.': [
        'docker',
        'fetch',
        'results',
        'images',
        'logs',
        'egress',
        'environments',
        'reporting',
        'files',
        'host',
        'pipeline',
        'worker',
        'maintenance',
      ],
    },
  },
];

/** The composition root of each service: it imports every room, and nobody imports it. */
export const COMPOSITION_ROOT = 'main.ts';

/** What only these files or folders may import, and what others use instead. */
export interface Reserved {
  /** A package, or a file of a service by its path. */
  readonly imported: string;
  /** These of its exports; all, if absent. */
  readonly names?: readonly string[];
  readonly by: readonly string[];
  readonly instead: string;
}

export const RESERVED: readonly Reserved[] = [
  { imported: 'nats', by: ['shared/src/bus/'], instead: 'Use shared/bus, which hides which client speaks to NATS.' },
  {
    imported: 'node:sqlite',
    by: [
      'services/gateway/src/store/db.ts',
      'services/gateway/src/store/connection.ts',
      'services/gateway/src/store/in-memory.ts',
    ],
    instead: "Use the store's tables, or its Db where a table is made.",
  },
  {
    imported: 'services/runner/src/docker/http.ts',
    names: ['createEngineHttp'],
    by: ['services/runner/src/docker/docker-engine.ts'],
    instead: 'Use the ports of the engine, docker/ports/.',
  },
  {
    imported: 'services/runner/src/docker/ours.ts',
    names: ['grant'],
    by: ['services/runner/src/worker/start-ownership.ts'],
    instead: 'Ask claimStart: an attempt is started by whoever has claimed it.',
  },
  {
    imported: 'secp256k1',
    by: ['services/gateway/src/auth/signature.ts', 'shared/src/crypto/ecies.ts'],
    instead: 'Use isSignedBy of auth/signature.ts, or seal and unseal of shared/crypto/seal.',
  },
  {
    imported: 'ethers',
    names: ['JsonRpcProvider', 'WebSocketProvider', 'FallbackProvider', 'FetchRequest', 'getDefaultProvider'],
    by: [],
    instead: 'Ask a Chain of chain/provider.ts: it knows every endpoint, and has limits.',
  },
  {
    imported: 'undici',
    by: [
      'shared/src/net/',
      'services/runner/src/fetch/',
      'services/gateway/src/notify/',
      'services/gateway/src/chain/rpc.ts',
    ],
    instead: 'Use runner/fetch or gateway/notify, which guard the address with shared/net.',
  },
  { imported: 'eciesjs', by: [], instead: 'Use seal and unseal of shared/crypto/seal.' },
  { imported: 'aws4fetch', by: ['shared/src/results/s3-requests.ts'], instead: 'Use Objects of shared/results.' },
  { imported: 'sax', by: ['shared/src/results/s3-xml.ts'], instead: 'Use parseXml of shared/results/s3-xml.' },
  { imported: 'ajv', by: ['shared/src/schema/validate.ts'], instead: 'Use compile of shared/schema/validate.' },
  { imported: 'p-retry', by: ['shared/src/runtime/retry.ts'], instead: 'Use retry of shared/runtime/retry.' },
  { imported: 'yaml', by: ['shared/src/config/load.ts'], instead: 'Configuration is read in shared/config/load.ts.' },
  { imported: 'node:process', by: [], instead: 'The environment is read in shared/config/process.ts.' },
  {
    imported: '@capstan/shared/bus/**',
    by: [
      ...['admission', 'controller', 'events', 'files', 'logs', 'maintenance', 'scheduling'].map(
        (room) => `services/gateway/src/${room}/`,
      ),
      'services/gateway/src/*',
      ...['files', 'host', 'logs', 'maintenance', 'reporting', 'worker'].map((room) => `services/runner/src/${room}/`),
      'services/runner/src/*',
    ],
    instead:
      'Of the rooms, only those that scripts/lint/rooms.ts names talk to NATS; get what you need as an argument.',
  },
];

/**
 * What a file whose first comment says PURE may import beside `shared/contract` and other pure files: packages that compute and do no
 * I/O. Types may come from anywhere.
 */
export const PURE_PACKAGES: readonly string[] = [
  'typebox',
  'ajv',
  'ethers',
  'secp256k1',
  'ipaddr.js',
  'fastest-levenshtein',
  'node:path',
];

/** Parts of Node that act as well: of them, a PURE file may import these names. */
export const PURE_NAMES: Readonly<Record<string, string[]>> = {
  'node:crypto': ['createHash'],
  'node:os': ['constants'],
};
