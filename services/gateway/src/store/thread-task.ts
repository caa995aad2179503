/** What the store's thread is asked, and what it answers, one after the other. */

export type ThreadTask =
  /** Whether the file is whole. */
  | { readonly do: 'check' }
  /** How long the log is. */
  | { readonly do: 'measure' }
  /**
   * Writes the log back into the file. `passive` as far as that keeps nobody from writing; `restart` all of it, so that the next write
   * begins the log anew; `truncate` gives the log's room back as well.
   */
  | { readonly do: 'checkpoint'; readonly mode: 'passive' | 'restart' | 'truncate' };

export interface LogState {
  /** Pages in the log, and how many of them are in the file as well. */
  readonly pages: number;
  readonly writtenBack: number;
  /** Somebody was in the way of the whole of it. */
  readonly isBusy: boolean;
}

export interface ThreadAnswers {
  readonly check: { readonly damage: string | undefined };
  readonly measure: LogState;
  readonly checkpoint: LogState;
}

export type ThreadRequest = ThreadTask | 'end';
export type ThreadReply = { readonly value: ThreadAnswers[keyof ThreadAnswers] } | { readonly problem: string };
