/** A text that comes in pieces, passed on as it comes, and told as a whole at its end. */

/** A longer one is not told. */
const MOST_CHARS = 1_000_000;

export async function* readAlong(
  pieces: AsyncIterable<string>,
  onEnd: (whole: string) => void,
): AsyncGenerator<string, void> {
  let whole: string | undefined = '';
  for await (const piece of pieces) {
    yield piece;
    whole = whole === undefined || whole.length + piece.length > MOST_CHARS ? undefined : whole + piece;
  }
  if (whole !== undefined) onEnd(whole);
}
