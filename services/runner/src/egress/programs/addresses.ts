/** A program of its own, which sees the networks of the engine's machine for a moment: it names the machine's addresses, and ends. */
import { ownAddresses } from '@capstan/shared/net/own-addresses';

process.stdout.write(`${JSON.stringify(ownAddresses())}\n`);
