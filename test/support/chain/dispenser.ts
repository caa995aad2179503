/** Ocean's dispenser, which gives datatokens away: assets that cost nothing are published with it. */
import { Interface } from 'ethers';
import { artifact, type Ocean } from '../../../scripts/parts/ocean.ts';

const routers = new Interface(artifact('pools/FactoryRouter.sol/FactoryRouter').abi);

/** Deploys it, and has the router know it. Resolves to its address. */
export async function deployDispenser(ocean: Pick<Ocean, 'deploy' | 'must' | 'account' | 'router'>): Promise<string> {
  const address = await ocean.deploy('pools/dispenser/Dispenser.sol/Dispenser', ocean.router);
  const data = routers.encodeFunctionData('addDispenserContract', [address]);
  await ocean.must(ocean.account(0), { to: ocean.router, data });
  return address;
}
