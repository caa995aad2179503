/** A program of its own, which sees the networks of the engine's machine for a moment: it names the machine's addresses, and ends. */
import { networkInterfaces } from 'node:os';

const addresses = Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map(({ address }) => address));
process.stdout.write(`${JSON.stringify([...new Set(addresses)])}\n`);
