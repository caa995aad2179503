/** After how many seconds a client may try again what can't be done now, where nothing better is known. */
export const RETRY_AFTER_S = 5;
