/** Dates that no calendar knows, which settings without a range once made: each of them broke every list that it was in. */
const LAST_MS = '8640000000000000';

export const dates = ['date_created', 'date_finished', 'expires_at', 'dispatched_at']
  .map(
    (column) =>
      `update jobs set ${column} = max(min(${column}, ${LAST_MS}), -${LAST_MS}) where abs(${column}) > ${LAST_MS}`,
  )
  .join(';\n');
