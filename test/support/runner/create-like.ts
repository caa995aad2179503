/** A container and its volume as a run makes them, and nobody who knows of them. */
import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { engineSocket } from '../../../scripts/parts/engine.ts';
import { labelsOf, namesOf, type AttemptIdentity } from '../../../services/runner/src/docker/names.ts';

export async function createLike(identity: AttemptIdentity): Promise<void> {
  const { files, volumes } = namesOf(identity);
  const Labels = labelsOf(identity, 'files');
  const mount = { Type: 'volume', Source: volumes.data, Target: '/in', VolumeOptions: { Labels } };
  const body = {
    Image: 'localhost/capstan/node-demo:24',
    Entrypoint: ['/never-started'],
    Healthcheck: { Test: ['NONE'] },
    StopSignal: 'SIGTERM',
    Labels,
    Env: ['NVIDIA_VISIBLE_DEVICES=void', 'AMD_VISIBLE_DEVICES=none', 'HABANA_VISIBLE_DEVICES=void'],
    HostConfig: { NetworkMode: 'none', Mounts: [mount] },
  };
  const asked = request({
    socketPath: engineSocket(),
    method: 'POST',
    path: `/containers/create?name=${files}`,
    headers: { 'content-type': 'application/json' },
    agent: false,
  });
  asked.end(JSON.stringify(body));
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  const said = await text(answer);
  if (answer.statusCode !== 201) throw new Error(`the engine answered ${answer.statusCode}: ${said}`);
}
