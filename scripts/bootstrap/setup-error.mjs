/** Something the set-up can't do by itself: what failed and on what, then what a person can type. */
export class SetupError extends Error {
  /**
   * @param {string} message what failed, on what
   * @param {string} [hint] what to do, one command or sentence a line
   * @param {ErrorOptions} [options]
   */
  constructor(message, hint, options) {
    super(message, options);
    this.name = 'SetupError';
    this.hint = hint;
  }
}
