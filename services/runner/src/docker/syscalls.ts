/**
 * The calls of the kernel that a container of a job may make, PURE; every other fails with EPERM. Engines have a list of their own, which
 * grows and shrinks with their versions: those before 23 allow AF_VSOCK, by which a job on a virtual machine speaks to its host past every
 * network, and older ones also io_uring, in which most of the kernel's escapes were found. So the list is ours, and the same everywhere: what
 * programs, languages and libraries need that compute and have no rights. The 64-bit calls of the machine alone: those of 32-bit programs
 * are a second door to the same kernel.
 */

const FILES =
  'access faccessat faccessat2 chdir fchdir chmod fchmod fchmodat fchmodat2 chown fchown fchownat lchown creat open openat openat2 close close_range ' +
  'copy_file_range dup dup2 dup3 fadvise64 fcntl flock ftruncate truncate getcwd getdents getdents64 ioctl link linkat lseek ' +
  'mkdir mkdirat mknod mknodat pread64 preadv preadv2 pwrite64 pwritev pwritev2 read readv write writev readahead readlink readlinkat ' +
  'rename renameat renameat2 rmdir sendfile splice tee symlink symlinkat umask unlink unlinkat utime utimes utimensat futimesat cachestat';

const FACTS_OF_FILES =
  'stat fstat lstat newfstatat statx statfs fstatfs getxattr fgetxattr lgetxattr listxattr flistxattr llistxattr setxattr fsetxattr lsetxattr ' +
  'removexattr fremovexattr lremovexattr getxattrat listxattrat setxattrat removexattrat inotify_init inotify_init1 inotify_add_watch inotify_rm_watch ' +
  'fsync fdatasync msync sync syncfs sync_file_range io_setup io_submit io_getevents io_pgetevents io_cancel io_destroy';

const MEMORY =
  'brk mmap munmap mprotect mremap madvise mincore membarrier memfd_create mlock mlock2 mlockall munlock munlockall mseal map_shadow_stack ' +
  'pkey_alloc pkey_free pkey_mprotect shmget shmat shmdt shmctl';

const PROCESSES =
  'execve execveat exit exit_group fork vfork wait4 waitid kill tkill tgkill pidfd_open pidfd_send_signal process_mrelease prctl arch_prctl getrlimit ' +
  'getrusage getpriority setpriority ioprio_get ioprio_set getcpu getpid getppid gettid getpgid getpgrp setpgid getsid setsid set_tid_address ' +
  'set_robust_list get_robust_list rseq set_thread_area get_thread_area sched_yield sched_getaffinity sched_setaffinity sched_getattr sched_setattr ' +
  'sched_getparam sched_setparam sched_getscheduler sched_setscheduler sched_get_priority_max sched_get_priority_min sched_rr_get_interval ' +
  'riscv_flush_icache riscv_hwprobe';

const USERS =
  'getuid geteuid getgid getegid getgroups getresuid getresgid setuid setgid setgroups setreuid setregid setresuid setresgid setfsuid setfsgid ' +
  'capget capset seccomp landlock_create_ruleset landlock_add_rule landlock_restrict_self';

const SIGNALS_AND_TIME =
  'rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_tgsigqueueinfo rt_sigreturn rt_sigsuspend rt_sigtimedwait sigaltstack signalfd signalfd4 ' +
  'restart_syscall uretprobe alarm pause nanosleep clock_nanosleep clock_gettime clock_getres gettimeofday time times getitimer setitimer ' +
  'timer_create timer_delete timer_getoverrun timer_gettime timer_settime timerfd_create timerfd_gettime timerfd_settime';

const WAITING_AND_TALKING =
  'futex futex_waitv futex_wait futex_wake futex_requeue poll ppoll select pselect6 epoll_create epoll_create1 epoll_ctl epoll_wait epoll_pwait epoll_pwait2 ' +
  'eventfd eventfd2 pipe pipe2 semget semop semctl semtimedop msgget msgsnd msgrcv msgctl mq_open mq_unlink mq_timedsend mq_timedreceive ' +
  'mq_notify mq_getsetattr accept accept4 bind connect listen shutdown socketpair getsockname getpeername getsockopt setsockopt ' +
  'recvfrom recvmsg recvmmsg sendto sendmsg sendmmsg';

const REST = 'getrandom uname sysinfo';

const ALLOWED = [FILES, FACTS_OF_FILES, MEMORY, PROCESSES, USERS, SIGNALS_AND_TIME, WAITING_AND_TALKING, REST].flatMap(
  (names) => names.split(' '),
);

interface Argument {
  readonly index: number;
  readonly op: 'SCMP_CMP_EQ' | 'SCMP_CMP_MASKED_EQ';
  readonly value: number;
  readonly valueTwo?: number;
}

const is = (index: number, value: number): Argument => ({ index, op: 'SCMP_CMP_EQ', value });
const allow = (name: string, ...args: readonly Argument[]) => ({ names: [name], action: 'SCMP_ACT_ALLOW', args });

const [AF_UNIX, AF_INET, AF_INET6, AF_NETLINK] = [1, 2, 10, 16] as const;
const [BY_KIND, TCP, UDP] = [0, 6, 17] as const;
/** Which addresses a machine has, is asked there. */
const NETLINK_ROUTE = 0;
/** All flags of `clone` that make a namespace: inside one, a process has rights over much of the kernel. */
const NEW_NAMESPACES = 0x7e020000;
const [LINUX, SAME_AS_BEFORE] = [0, 0xffffffff] as const;
/** Its flags lie in memory, where no filter sees them: programs fall back on `clone` where there is none. */
const NO_SUCH_CALL = 38;

/** Reserves a disk in a moment, without writing: what a job has is measured twice a second. Libraries write zeros where nothing can be reserved. */
const [PUNCH_HOLE, NOT_SUPPORTED] = [2, 95] as const;
const low = (index: number, mask: number, bits: number): Argument => ({
  index,
  op: 'SCMP_CMP_MASKED_EQ',
  value: mask,
  valueTwo: bits,
});

/**
 * What a program that crashes leaves behind goes to a program of the machine on many of them, as root, with a disk of its own, and however
 * low the limit is: only 1 stands for nobody (`core(5)`). So nobody lowers it.
 */
const [CORE, LIMITS] = [4, 16] as const;
const WORD = 0xffffffff;
const otherLimits = Array.from({ length: LIMITS }, (_, limit) => limit).filter((limit) => limit !== CORE);

const rules = [
  { names: ALLOWED, action: 'SCMP_ACT_ALLOW' },
  allow('socket', is(0, AF_UNIX)),
  ...[AF_INET, AF_INET6].flatMap((family) =>
    [BY_KIND, TCP, UDP].map((protocol) => allow('socket', is(0, family), is(2, protocol))),
  ),
  allow('socket', is(0, AF_NETLINK), is(2, NETLINK_ROUTE)),
  allow('clone', { index: 0, op: 'SCMP_CMP_MASKED_EQ', value: NEW_NAMESPACES, valueTwo: 0 }),
  allow('personality', is(0, LINUX)),
  allow('personality', is(0, SAME_AS_BEFORE)),
  { names: ['fallocate'], action: 'SCMP_ACT_ERRNO', errnoRet: NOT_SUPPORTED, args: [low(1, PUNCH_HOLE, 0)] },
  allow('fallocate', low(1, PUNCH_HOLE, PUNCH_HOLE)),
  ...otherLimits.flatMap((limit) => [allow('setrlimit', low(0, WORD, limit)), allow('prlimit64', low(1, WORD, limit))]),
  allow('prlimit64', low(1, WORD, CORE), is(2, 0)),
  { names: ['clone3'], action: 'SCMP_ACT_ERRNO', errnoRet: NO_SUCH_CALL },
];

/** As Docker reads a profile of seccomp. */
export const SYSCALL_PROFILE = JSON.stringify({ defaultAction: 'SCMP_ACT_ERRNO', syscalls: rules });
