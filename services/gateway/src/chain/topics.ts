/** The events that the node reads, PURE: by the hash of their signatures, which is the first topic of each. */

export const TOPICS = {
  /** OrderStarted(address,address,uint256,uint256,uint256,address,uint256) */
  started: '0xe1c4fa794edfa8f619b8257a077398950357b9c6398528f94480307352f9afcc',
  /** OrderReused(bytes32,address,uint256,uint256) */
  reused: '0x526e31449ea46e2aecf9b480c8d7dfa191348ef74ffdf75b445a6ab726daa6ff',
  /** ProviderFee(address,address,uint256,bytes,uint8,bytes32,bytes32,uint256) */
  fee: '0xf8ed11cdaaf10eca2b6c941fb802cb8682afe86cac1eb93f70d0780fa062c544',
  /** Transfer(address,address,uint256) */
  transfer: '0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef',
} as const;

/** MetadataCreated and MetadataUpdated (address,uint8,string,bytes,bytes,bytes32,uint256,uint256), in this order. */
export const RECORD_TOPICS: readonly string[] = [
  '0x5463569dcc320958360074a9ab27e809e8a6942c394fb151d139b5f7b4ecb1bd',
  '0xe5c4cf86b1815151e6f453e1e133d4454ae3b0b07145db39f2e0178685deac84',
];
