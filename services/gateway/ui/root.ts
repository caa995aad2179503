/** Where the node is whose page this is, without a slash at the end: below a path, where a proxy serves it there. */
export const ROOT = new URL('.', location.href).href.replace(/\/$/, '');
