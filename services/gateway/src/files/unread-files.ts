/** Why no runner of this node reads the files of a service, in words for whoever asked for them, PURE. */
import { CapstanError } from '@capstan/shared/contract/errors';

/** `instead`: what can be done at the provider that holds them. */
export const heldElsewhere = (instead: 'ask' | 'download them'): CapstanError =>
  new CapstanError('REFUSED', `Another provider holds the files of this service: ${instead} there.`, {
    refusal: 'Another provider holds the files.',
  });

export const unreadable = (reason = 'no reason is known'): CapstanError =>
  new CapstanError('REFUSED', `The files of this service can not be read: ${reason}.`, {
    refusal: 'Unable to get dataset files',
  });
