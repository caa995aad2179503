/** Settings of how a runner sends files of assets to the gateway, for who downloads them. */
import { Type } from 'typebox';
import { section } from './section.ts';

export const FilesSchema = Type.Object(
  {
    host: Type.String({
      minLength: 1,
      default: '127.0.0.1',
      description:
        'Address or name to listen on, of the network that gateway and runner share and nobody else. Files are sent from here, for tickets that count once.',
    }),
    port: Type.Integer({
      minimum: 0,
      maximum: 65_535,
      default: 0,
      description: 'Port to listen on; 0 takes a free one.',
    }),
    url: Type.Optional(
      Type.String({
        pattern: '^https?://[^/?#@]+$',
        maxLength: 200,
        description:
          'How the gateway reaches it, without a slash at the end, where that is another address than the one it listens on: behind a TLS proxy, for example, which a runner on another machine should have.',
      }),
    ),
  },
  section('How a runner sends files of assets to the gateway, for downloads. Nothing of them travels over NATS.'),
);
