/** Logs as the contracts of orders write them, for tests. */
import { Interface } from 'ethers';

const contracts = new Interface([
  'event OrderStarted(address indexed consumer, address payer, uint256 amount, uint256 serviceIndex, uint256 timestamp, address indexed publishMarketAddress, uint256 blockNumber)',
  'event OrderReused(bytes32 orderTxId, address caller, uint256 timestamp, uint256 number)',
  'event ProviderFee(address indexed providerFeeAddress, address indexed providerFeeToken, uint256 providerFeeAmount, bytes providerData, uint8 v, bytes32 r, bytes32 s, uint256 validUntil)',
  'event Transfer(address indexed from, address indexed to, uint256 value)',
]);

export function orderLog(address: string, name: string, values: readonly unknown[]) {
  const { topics, data } = contracts.encodeEventLog(name, values);
  return { address: address.toLowerCase(), topics, data };
}
