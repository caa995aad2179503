/** The call of a contract's function and what it returns, PURE. The consumer's parameters are its arguments, by their names. */
import { AbiCoder, FunctionFragment, type ParamType, type Result } from 'ethers';
import type { AssetFile } from '@capstan/shared/contract/ddo';
import { CapstanError } from '@capstan/shared/contract/errors';
import { requireModestTypes } from '../abi-bounds.ts';

export type ContractFile = Extract<AssetFile, { type: 'smartcontract' }>;
type Arguments = Readonly<Record<string, unknown>>;

export interface ContractCall {
  readonly to: string;
  readonly data: string;
}

const failed = (text: string, cause?: unknown) => new CapstanError('FETCH_FAILED', text, { cause });

export function encodeCall({ address, abi }: ContractFile, userdata: Arguments): ContractCall {
  const fragment = fragmentOf(abi);
  const values = fragment.inputs.map(({ name }) => {
    if (name === '') throw failed("an argument of its contract's function has no name to give it by");
    if (!Object.hasOwn(userdata, name)) throw failed(`its contract's function asks for the parameter ${name}`);
    return userdata[name];
  });
  try {
    const encoded = AbiCoder.defaultAbiCoder().encode(fragment.inputs, values);
    return { to: address, data: fragment.selector + encoded.slice(2) };
  } catch (error) {
    throw failed("the consumer's parameters are not what its contract's function takes", error);
  }
}

/**
 * JSON: the value itself if the function returns one, a list if it returns several, an object if all of them have names. Numbers are
 * texts of decimal digits, since most of Solidity's are larger than what JSON's readers take without rounding.
 */
export function decodeResult({ abi }: ContractFile, data: string): string {
  const { outputs } = fragmentOf(abi);
  try {
    const values = AbiCoder.defaultAbiCoder().decode(outputs, data);
    const [only] = outputs;
    if (only && outputs.length === 1) return JSON.stringify(plain(only, values[0]));
    return JSON.stringify(plainAll(outputs, values));
  } catch (error) {
    throw failed('its contract answered something else than what the function returns', error);
  }
}

function fragmentOf(abi: ContractFile['abi']): FunctionFragment {
  const { stateMutability = 'view' } = abi;
  requireModestTypes(abi.inputs, abi.outputs);
  if (stateMutability !== 'view' && stateMutability !== 'pure')
    throw failed("its contract's function is not one that only reads");
  try {
    return FunctionFragment.from({ inputs: [], outputs: [], ...abi, stateMutability, type: 'function' });
  } catch (error) {
    throw failed("the description of its contract's function is not valid", error);
  }
}

function plainAll(types: readonly ParamType[], values: Result): unknown {
  const list = types.map((type, index) => plain(type, values[index]));
  const hasNames = types.length > 0 && types.every(({ name }) => name !== '');
  return hasNames ? Object.fromEntries(types.map(({ name }, index) => [name, list[index]])) : list;
}

function plain(type: ParamType, value: unknown): unknown {
  const { arrayChildren, components } = type;
  if (type.isArray() && arrayChildren) return [...(value as Result)].map((item) => plain(arrayChildren, item));
  if (type.isTuple() && components) return plainAll(components, value as Result);
  return typeof value === 'bigint' ? value.toString() : value;
}
