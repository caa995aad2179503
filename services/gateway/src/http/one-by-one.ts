/**
 * Answers the requests of a connection one after the other. Node hands over pipelined requests at once, however many: each would open
 * files and look into the store for an answer that is not read yet, or never. Behind an answer that is open for hours, they would also be
 * read and kept in memory for as long, before any of them counts for its network: so a connection with some that wait is not read on.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** Most requests of a connection that wait for their turn. No client that means well sends more ahead; whoever does is cut off. */
const MAX_WAITING = 128;
/** From so many on, the connection is not read until fewer wait. What was read by then, a few dozen kilobytes, still becomes requests. */
const ENOUGH_WAITING = 8;

/**
 * `atOnce`: whether a request is answered already, in the same turn and without looking anything up. Asked only while its connection has
 * nothing else under way, and takes what is sent.
 */
export function oneByOne(answer: Answer, atOnce: (...of: Parameters<Answer>) => boolean = () => false): Answer {
  /** Of connections that have a request under way: what waits behind it. */
  const waiting = new WeakMap<Socket, (() => void)[]>();

  const isEnough = (socket: Socket) => (waiting.get(socket)?.length ?? 0) >= ENOUGH_WAITING;
  const watched = new WeakSet<Socket>();
  const readNoMore = (socket: Socket) => {
    // Node reads on by itself at the end of each request: it is told again each time.
    if (!watched.has(socket)) socket.on('resume', () => isEnough(socket) && socket.pause());
    watched.add(socket);
    socket.pause();
  };

  const begin = (request: IncomingMessage, response: ServerResponse) => {
    const { socket } = request;
    response.once('close', () => {
      const next = waiting.get(socket)?.shift();
      if (socket.isPaused() && !isEnough(socket)) socket.resume();
      if (next) next();
      else waiting.delete(socket);
    });
    answer(request, response);
  };

  return (request, response) => {
    const { socket } = request;
    const line = waiting.get(socket);
    if (line === undefined) {
      if (socket.writableLength === 0 && atOnce(request, response)) return;
      waiting.set(socket, []);
      begin(request, response);
    } else if (line.length >= MAX_WAITING) {
      socket.destroy();
    } else {
      line.push(() => {
        if (!socket.destroyed) begin(request, response);
      });
      if (isEnough(socket)) readNoMore(socket);
    }
  };
}
