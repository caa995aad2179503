/** Which web pages may open a socket, PURE. Browsers send the origin, and let any page connect anywhere: the node must look. */

interface Asking {
  /** Whoever is no page has none. */
  readonly origin: string | undefined;
  readonly host: string | undefined;
  readonly origins: readonly string[];
}

export function isAllowedOrigin({ origin, host, origins }: Asking): boolean {
  if (origin === undefined || origins.includes('*') || origins.includes(origin)) return true;
  // The node's own pages, whatever name it is reached by. A proxy in front may speak TLS, so only the host counts.
  return host !== undefined && /^https?:\/\/(.+)$/.exec(origin)?.[1] === host;
}
