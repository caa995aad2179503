/** Who is there: one gateway, and one to three runners that share its environment. */
export const RUNNER_MEMBERS = ['runner 1', 'runner 2', 'runner 3'] as const;

export type RunnerMember = (typeof RUNNER_MEMBERS)[number];
export type Member = 'gateway' | RunnerMember;
export type Runners = 1 | 2 | 3;
