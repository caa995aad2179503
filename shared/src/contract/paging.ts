/** Parameters of statuses: which run of a job, which jobs of a list, and page by page. */
import { Type } from 'typebox';

export const Paging = {
  run: Type.Optional(
    Type.String({
      pattern: '^[1-9][0-9]{0,8}$',
      description: 'With a jobId: an earlier run of that job, as it ended, with its results.',
    }),
  ),
  status: Type.Optional(
    Type.String({
      pattern: '^(waiting|running|ended)(,(waiting|running|ended)){0,2}$',
      description:
        'Only jobs that wait for their turn, that runners have, or that have ended: one or several, with commas.',
    }),
  ),
  order: Type.Optional(
    Type.Unsafe<'newest' | 'oldest'>(
      Type.Union([Type.Literal('newest'), Type.Literal('oldest')], {
        description:
          '`newest`, or absent: who came last is first. `oldest`: those that wait, in the order of their turn.',
      }),
    ),
  ),
  environment: Type.Optional(
    Type.String({ minLength: 1, maxLength: 64, description: 'Only jobs of this environment; alone, for operators.' }),
  ),
  all: Type.Optional(
    Type.Literal('true', { description: 'The jobs of everybody. For operators, as an environment alone is.' }),
  ),
  detail: Type.Optional(
    Type.Literal('row', { description: 'Of each job of a list, what a line of it shows: without results and DIDs.' }),
  ),
  limit: Type.Optional(
    Type.String({
      pattern: '^([1-9][0-9]{0,2}|1000)$',
      description: 'Most jobs of one answer, 1,000 if absent. A Link header with rel="next" says where the others are.',
    }),
  ),
  cursor: Type.Optional(
    Type.String({
      pattern: '^[0-9]{1,16}$',
      description: 'Where the next page begins; from the Link header of the page before.',
    }),
  ),
};

/** Of event streams: what of it there is, and for how long. */
export const StreamParts = {
  detail: Type.Optional(Type.Literal('row', { description: 'As the WebSocket has it: small frames.' })),
  status: Paging.status,
  order: Paging.order,
  limit: Paging.limit,
  counts: Type.Optional(
    Type.Literal('true', {
      description: 'Tell how many of these jobs wait, run and have ended, as the WebSocket has it.',
    }),
  ),
  follow: Type.Optional(
    Type.Unsafe<'true' | 'false'>(
      Type.Union([Type.Literal('true'), Type.Literal('false')], {
        description: '`false`: the stream ends when all there was is told.',
      }),
    ),
  ),
};
