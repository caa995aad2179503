/** Paths that clients know by heart, browsers among them: without a schema in sight. */

export const COMPUTE_PATH = '/api/services/compute';

/** Where live status is. */
export const EVENTS_PATH = `${COMPUTE_PATH}/events`;
