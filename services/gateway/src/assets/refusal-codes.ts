/** The codes that Ocean Provider's clients know for what an order asks wrongly, PURE, in one table: docs/errors.md is made from it. */
import { CapstanError } from '@capstan/shared/contract/errors';

interface RefusalText {
  readonly about: string;
  readonly hint: string;
}

export const REFUSAL_CODES = {
  missing: { about: 'A part of the order is not there.', hint: 'Add the field that the key names.' },
  did_not_found: {
    about:
      'Neither the catalogue of the node nor its metadata store knows the asset; or it is in the catalogue for listed consumers only, and this one is not listed.',
    hint: 'Check the DID, and the address; ask the operator to be listed. An asset that was published just now takes a moment to be indexed.',
  },
  not_found: { about: 'The asset has no such service.', hint: 'Take one of those that `message` lists.' },
  not_dataset: { about: 'The asset is no dataset.', hint: 'Name a dataset; an algorithm belongs into `algorithm`.' },
  not_algo: { about: 'The asset is no algorithm.', hint: 'Name an algorithm; a dataset belongs into `dataset`.' },
  main_service_compute: {
    about: 'The first dataset was asked for by another service than its compute service.',
    hint: 'Name its service of the type `compute`.',
  },
  asset_disabled: { about: 'The owner has disabled the asset.', hint: 'Choose another asset, or ask its owner.' },
  credential_in_deny_list: {
    about: 'The owner does not let this consumer use the asset.',
    hint: 'Ask the owner, or use another address.',
  },
  credential_not_in_allow_list: {
    about:
      'The owner lets only listed consumers use the asset (one from a metadata store) or the service, and this one is not listed.',
    hint: 'Ask the owner to be listed.',
  },
  service_not_access_compute: {
    about: 'The service is neither for access nor for computing.',
    hint: 'Choose another service of the asset.',
  },
  service_not_access: {
    about: 'A download was asked for of a service that is for computing only.',
    hint: 'Name an `access` service of the asset, if it has one, or compute on the data.',
  },
  missing_meta_documentId: {
    about: 'The order says neither which published algorithm runs nor which code.',
    hint: 'Send `algorithm.documentId`, or `algorithm.meta` with `rawcode` or `url`.',
  },
  missing_entrypoint_image_checksum: {
    about:
      'The container names no image or no entrypoint; or its entrypoint is a bare interpreter that would never read the code (`reason` is then `entrypoint_without_algo`).',
    hint: 'Send `image` and `entrypoint`. `$ALGO` in it stands for the file of the code: `python3 $ALGO`.',
  },
  checksum_prefix: {
    about: 'The checksum of the container is no image digest.',
    hint: 'Send `sha256:` and 64 lower-case hexadecimal characters, or leave it out.',
  },
  no_raw_algo_allowed: {
    about: "The data's owner allows published algorithms only.",
    hint: 'Publish the algorithm, or choose other data.',
  },
  not_trusted_algo: {
    about: "The algorithm is not among those that the data's owner trusts.",
    hint: 'Choose one that is, or ask the owner.',
  },
  not_trusted_algo_publisher: {
    about: "The publisher of the algorithm is not one that the data's owner trusts.",
    hint: 'Choose another algorithm, or ask the owner.',
  },
  algorithm_container_checksum_mismatch: {
    about: "The container is not the one that the data's owner approved.",
    hint: 'The owner of the data approves the algorithm again, or its owner takes the change back.',
  },
  algorithm_file_checksum_mismatch: {
    about: "The files of the algorithm are not those that the data's owner approved.",
    hint: 'The owner of the data approves the algorithm again, or its owner takes the change back.',
  },
  not_of_this_job: {
    about: 'A restart names another dataset or another order than the job began with.',
    hint: 'Restart it on the same, or leave out `jobId` for a new job.',
  },
  not_ended: {
    about: 'A restart was asked for a job that has not ended.',
    hint: 'Stop it first, or wait for its end.',
  },
} as const satisfies Readonly<Record<string, RefusalText>>;

export type RefusalCode = keyof typeof REFUSAL_CODES;

/** REFUSED in the name of `resource`, what the caller can choose otherwise. `reason`: which of several causes of the same code. */
export function codedRefusal(resource: string, code: RefusalCode, message: string, reason?: string): CapstanError {
  return new CapstanError('REFUSED', message, {
    refusal: { [resource]: code },
    ...(reason === undefined ? {} : { reason }),
  });
}

/** What is no code by resource, but a text. */
export const REFUSAL_TEXTS = {
  'Compute environment does not exist': 'Name one of the environments that `message` lists.',
  'Asset malformed': 'Tell the owner of the asset: `message` names the field of its description that is wrong.',
  'Asset is not consumable.': 'The owner has disabled the asset: choose another one, or ask its owner.',
  'Error: Access to asset … was denied with code: ConsumableCodes.CREDENTIAL_IN_DENY_LIST.':
    'Ask the owner, or use another address. These are the words that portals look for; `message` names the field.',
  'Error: Access to asset … was denied with code: ConsumableCodes.CREDENTIAL_NOT_IN_ALLOW_LIST.':
    'Ask the owner to be listed. These are the words that portals look for; `message` names the field.',
  'Downloads are turned off.': 'Compute on the data instead, or ask another provider that has it.',
  'Downloads need an order.':
    'Ask the owner of the asset to list your address, or the operator for access to the chain of the asset.',
  'Unsupported chain ID': 'Ask a node that has this chain: `GET /` lists those of this one.',
  'Failed to process transaction id.': 'Name the transaction in which the NFT recorded its description, and that NFT.',
  "Checksum doesn't match.": 'Send the document, its flags and its hash as the NFT recorded them.',
  'Invalid MetadataState': 'Name the NFT of the asset, and its chain.',
  'Another provider holds the files.': 'Ask the provider that `serviceEndpoint` of the service names.',
  'Unable to get dataset files':
    'Tell the owner of the asset: `message` says why what is sealed in it can not be read by this node.',
  'Token is not valid.': 'It has expired or was taken back already. There is nothing more to do.',
  'Use the initializeCompute endpoint to initialize compute jobs.':
    'Ask `initializeCompute` for a service of the type `compute`.',
} as const;
