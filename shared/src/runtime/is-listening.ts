/** Whether a process listens on a Unix socket: what a killed one left behind takes no connection. */
import { connect } from 'node:net';

export function isListening(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
