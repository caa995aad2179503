/** Kubo's RPC API for its file system, as far as the node uses it, in memory, with answers as a test wants them. */
import type { IncomingMessage } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { serve, type Told } from './hostile-server.ts';

export type Command = 'write' | 'stat' | 'read' | 'rm';

export interface HostileKubo extends AsyncDisposable {
  readonly apiUrl: string;
  readonly files: Map<string, Buffer>;
  readonly asked: Command[];
  readonly undone: Set<Command>;
  lie: ((asked: { readonly command: Command; readonly count: number }, honest: Told) => Told | undefined) | undefined;
}

export async function startHostileKubo(): Promise<HostileKubo> {
  const files = new Map<string, Buffer>();
  const asked: Command[] = [];
  const undone = new Set<Command>();

  const answer = async (request: IncomingMessage) => {
    const url = new URL(request.url ?? '', 'http://kubo');
    const command = url.pathname.split('/').at(-1) as Command;
    asked.push(command);
    const form = await buffer(request);
    const world = undone.has(command) ? new Map(files) : files;
    const honest = act(command, { query: url.searchParams, form }, world);
    const count = asked.filter((each) => each === command).length;
    return kubo.lie?.({ command, count }, honest) ?? honest;
  };

  const server = await serve(answer);
  const kubo: HostileKubo = {
    apiUrl: server.url,
    files,
    asked,
    undone,
    lie: undefined,
    [Symbol.asyncDispose]: server[Symbol.asyncDispose],
  };
  return kubo;
}

const failure = (Message: string): Told => ({ status: 500, body: JSON.stringify({ Message, Code: 0, Type: 'error' }) });

function act(
  command: Command,
  { query, form }: { readonly query: URLSearchParams; readonly form: Buffer },
  files: Map<string, Buffer>,
): Told {
  const path = query.get('arg') ?? '';
  const isFolder = [...files.keys()].some((each) => each.startsWith(`${path}/`));
  const file = files.get(path);
  switch (command) {
    case 'write':
      files.set(path, form.subarray(form.indexOf('\r\n\r\n') + 4, form.lastIndexOf('\r\n--')));
      return { status: 200 };
    case 'stat':
      if (file) return { status: 200, body: JSON.stringify({ Hash: 'x', Size: file.length, Type: 'file' }) };
      if (isFolder) return { status: 200, body: JSON.stringify({ Hash: 'x', Size: 0, Type: 'directory' }) };
      return failure('file does not exist');
    case 'read': {
      if (!file) return failure('file does not exist');
      const offset = Number(query.get('offset') ?? 0);
      return { status: 200, body: file.subarray(offset, offset + Number(query.get('count') ?? file.length)) };
    }
    case 'rm':
      for (const each of [...files.keys()].filter((name) => name === path || name.startsWith(`${path}/`)))
        files.delete(each);
      return { status: 200 };
  }
}
