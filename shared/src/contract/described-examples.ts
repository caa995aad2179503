/** What schemas look like when they are filled, PURE: for readers, and for whoever plays this node from its description. A test holds them to their schemas. */

const ADDRESS = '0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A';
const NODE = '0xD3C9F9AbB4FBa0E4a2Fb0b8e3D4D1f8A6B5C7e9F';
const DATASET = `did:op:${'1f'.repeat(32)}`;
const JOB = '0123456789abcdef0123456789abcdef';
const ORDER = `0x${'2e'.repeat(32)}`;
const SIGNATURE = `0x${'5a'.repeat(65)}`;
const CONTAINER = { image: 'node', tag: '24', entrypoint: 'node $ALGO' };
/** As npm run catalogue writes one. */
const ASSET = {
  '@context': ['https://w3id.org/did/v1'],
  id: DATASET,
  version: '4.5.0',
  chainId: 8996,
  nftAddress: `0x${'1d'.repeat(20)}`,
  metadata: { type: 'dataset', name: 'Weather', description: 'Four years of daily weather of two cities.' },
  services: [
    {
      id: 'compute',
      type: 'compute',
      files: '0x04a1b2',
      datatokenAddress: `0x${'3d'.repeat(20)}`,
      serviceEndpoint: 'http://127.0.0.1:8030',
      timeout: 0,
      compute: { allowRawAlgorithm: true, allowNetworkAccess: false, publisherTrustedAlgorithms: null },
    },
  ],
};
const SIGNED = { consumerAddress: ADDRESS, nonce: '1732450000000', signature: SIGNATURE };

/** By the name of the schema. */
export const EXAMPLES: Readonly<Record<string, object>> = {
  // As docs/api.md sends it.
  Order: {
    ...SIGNED,
    environment: 'local',
    dataset: { documentId: DATASET, serviceId: 'compute', transferTxId: ORDER },
    algorithm: { meta: { rawcode: "console.log('hello')", container: CONTAINER } },
    resources: { cpus: 1, ramGB: 1, maxDurationS: 600 },
  },
  ComputeStopRequest: { ...SIGNED, jobId: JOB },
  ComputeDeleteRequest: { ...SIGNED, jobId: JOB },
  ValidateContainerRequest: CONTAINER,
  InitializeComputeRequest: {
    datasets: [{ documentId: DATASET, serviceId: 'compute' }],
    algorithm: { meta: { rawcode: "console.log('hello')", container: CONTAINER } },
    compute: { env: 'local', validUntil: 1_732_453_600 },
    consumerAddress: ADDRESS,
  },
  Job: {
    owner: ADDRESS,
    documentId: DATASET,
    did: DATASET,
    jobId: JOB,
    run: 1,
    agreementId: ORDER,
    dateCreated: 1_732_450_000.123,
    dateFinished: 1_732_450_012.456,
    status: 70,
    statusText: 'Job completed',
    environment: 'local',
    algorithmLogUrl: `http://127.0.0.1:8030/api/services/computeResult?jobId=${JOB}&index=1`,
    resultsUrls: [`http://127.0.0.1:8030/api/services/computeResult?jobId=${JOB}&index=0`],
    results: [
      { filename: 'table.csv', filesize: 2048, type: 'output', index: 0 },
      { filename: 'algorithm.log', filesize: 240, type: 'algorithmLog', index: 1 },
    ],
    resultsDid: '',
    inputDID: [DATASET],
    algoDID: 'raw',
    stopreq: 0,
    removed: 1,
    expireTimestamp: 1_732_536_412.456,
    terminationDetails: { exitCode: 0, signal: null, OOMKilled: false, reason: 'The algorithm ended by itself.' },
    queue: null,
  },
  Environment: {
    id: 'local',
    desc: 'The machine that this node runs on',
    cpuType: 'x64',
    nCPU: 8,
    cpuNumber: 8,
    gpuType: '',
    nGPU: 0,
    gpuNumber: 0,
    ramGB: 16,
    diskGB: 100,
    orders: 'free',
    priceMin: 0,
    feeToken: `0x${'0'.repeat(40)}`,
    maxJobs: 4,
    maxJobDuration: 3600,
    storageExpiry: 86_400,
    allowNetworkAccess: false,
    diskQuota: 'measured',
    perJob: { cpus: 2, ramGB: 4, diskGB: 25, gpus: 0, maxDurationS: 3600 },
    consumerAddress: NODE,
    currentJobs: 1,
    queuedJobs: 0,
    lastSeen: 1_732_450_000,
    available: true,
  },
  Node: {
    software: 'Capstan',
    version: '0.1.0',
    chainIds: [8996],
    providerAddresses: { '8996': NODE },
    providerAddress: NODE,
    publicKey: `0x02${'3c'.repeat(32)}`,
    serviceEndpoints: { computeStatus: ['GET', '/api/services/compute'] },
  },
  ProviderFee: {
    providerFeeAddress: NODE,
    providerFeeToken: `0x${'4d'.repeat(20)}`,
    providerFeeAmount: '1000000000000000000',
    providerData: '0x7b7d',
    v: 27,
    r: `0x${'5e'.repeat(32)}`,
    s: `0x${'2f'.repeat(32)}`,
    validUntil: 1_732_453_600,
  },
  Health: {
    status: 'degraded',
    reasons: ['No runner has announced itself. Jobs are accepted and wait.'],
    notices: [],
    parts: {
      store: { state: 'ok' },
      nats: { state: 'ok' },
      runners: { state: 'down', problem: 'No runner has announced itself. Jobs are accepted and wait.' },
      results: { state: 'ok' },
    },
    runners: [],
    deadLetters: 0,
    upkeep: [
      { name: 'events', isRunning: false, done: 12, slices: 1, longestSliceMs: 0.4, lastEndedAt: 1_732_450_000_123 },
    ],
  },
  Asset: ASSET,
  FoundAssets: {
    took: 0,
    timed_out: false,
    hits: { total: { value: 1, relation: 'eq' }, hits: [{ _id: DATASET, _source: ASSET }] },
  },
  FileInfo: {
    index: 0,
    valid: true,
    type: 'url',
    contentLength: '2048',
    contentType: 'text/csv',
    filename: 'weather.csv',
  },
  ValidationError: {
    errors: { 'dataset.documentId': ['The dataset.documentId field is required.'] },
    message: 'Validation error',
    success: false,
  },
};

/** By the type of the body. */
export const TEXT_EXAMPLES: Readonly<Record<string, string>> = {
  'text/event-stream': 'id: 7\nevent: caughtUp\ndata: {"type":"caughtUp","subscription":"1","cursor":7}\n\n',
  'text/plain': 'text\n',
};
