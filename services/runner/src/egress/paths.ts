/** Where things lie in the image of the network programs, PURE. */
export const NODE_PATH = '/usr/local/bin/node';
export const PROGRAMS_DIR = '/capstan';
/** Where the volume with the socket between relay and proxy is mounted. */
export const EGRESS_DIR = '/run/egress';
export const SOCKET_PATH = `${EGRESS_DIR}/proxy`;
/** Where the algorithm finds its proxy, on its own loopback. */
export const PROXY_PORT = 3128;
