"""Sealing: a process gives up everything but computing, before it sees the first hostile byte.

In: the limits. Out: a SandboxReport of the walls that stand. Nothing here needs root. After `seal`
the process can read and write what it has open, map memory, tell the time and exit; seccomp is an
allow-list, so what a new kernel adds is denied too.
"""

import ctypes
import os
import platform
import resource
import struct
from typing import Final

from fieldfare.media.findings import SandboxReport
from fieldfare.media.limits import MediaLimits

_LIBC: Final = ctypes.CDLL(None, use_errno=True)
_NOBODY: Final = 65_534
_PR_SET_PDEATHSIG, _PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS = 1, 22, 38
_SECCOMP_MODE_FILTER: Final = 2
_SIGKILL: Final = 9

_LANDLOCK_CREATE, _LANDLOCK_RESTRICT = 444, 446
_LANDLOCK_VERSION: Final = 1
# Rights that exist by ABI 1 to 10, as counts of bits: file system (1, 2, 3, 5), network, scopes.
_FS_BITS: Final = {1: 13, 2: 14, 3: 15, 4: 15}
_FS_BITS_LATEST: Final = 16
_ABI_WITH_NET: Final = 4
_ABI_WITH_SCOPES: Final = 6

_AUDIT_ARCH: Final = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_ALLOWED: Final = {
    # In this order: read write close fstat lseek mmap mprotect munmap brk rt_sigaction
    # rt_sigprocmask rt_sigreturn pread64 pwrite64 sched_yield mremap madvise getpid exit getrusage
    # sigaltstack gettid futex sched_getaffinity restart_syscall clock_gettime clock_getres
    # exit_group getrandom rseq
    "x86_64": (
        0, 1, 3, 5, 8, 9, 10, 11, 12, 13, 14, 15, 17, 18, 24, 25, 28, 39, 60, 98, 131, 186, 202,
        204, 219, 228, 229, 231, 318, 334,
    ),
    "aarch64": (
        63, 64, 57, 80, 62, 222, 226, 215, 214, 134, 135, 139, 67, 68, 124, 216, 233, 172, 93, 165,
        132, 178, 98, 123, 128, 113, 114, 94, 278, 293,
    ),
}  # fmt: skip
_LOAD, _JUMP_IF_EQUAL, _RETURN = 0x20, 0x15, 0x06
_ALLOW: Final = 0x7FFF0000
_DENY: Final = (
    0x00050000 | 1
)  # the call fails with EPERM: a library that tries gets an error to handle
_KILL: Final = 0x80000000


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def seal(limits: MediaLimits) -> SandboxReport:
    """Give up everything but computing, for good. Call it with one thread and nothing else open."""
    dropped_root = drop_root()
    _LIBC.prctl(_PR_SET_PDEATHSIG, _SIGKILL, 0, 0, 0)  # after, because a new user clears it
    _set_limits(limits)
    no_new_privs = _LIBC.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
    return SandboxReport(
        dropped_root=dropped_root,
        limited=True,
        no_new_privs=no_new_privs,
        landlock_abi=_deny_files_and_network(),
        seccomp=_deny_system_calls(),
    )


def drop_root() -> bool:
    """Become nobody if we are root. False if we are root and may not."""
    if os.geteuid() != 0:
        return True
    try:
        os.setgroups([])
        os.setresgid(_NOBODY, _NOBODY, _NOBODY)
        os.setresuid(_NOBODY, _NOBODY, _NOBODY)
    except OSError:
        return False
    return True


def _set_limits(limits: MediaLimits) -> None:
    for what, most in (
        (resource.RLIMIT_AS, limits.memory_bytes),
        (resource.RLIMIT_CPU, limits.cpu_s),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_NOFILE, 16),
    ):
        _, hard = resource.getrlimit(what)
        soft = most if hard == resource.RLIM_INFINITY else min(most, hard)
        # One CPU second between SIGXCPU, which tells what happened, and SIGKILL, which does not.
        grace = 1 if what == resource.RLIMIT_CPU and soft == most else 0
        resource.setrlimit(what, (soft, soft + grace if hard != soft else soft))


def _deny_files_and_network() -> int | None:
    """Enter a Landlock domain that allows nothing. Returns the ABI, None if there is none."""
    abi = int(_LIBC.syscall(_LANDLOCK_CREATE, None, ctypes.c_size_t(0), _LANDLOCK_VERSION))
    if abi < 1:
        return None
    files = (1 << _FS_BITS.get(abi, _FS_BITS_LATEST)) - 1
    network = 0b11 if abi >= _ABI_WITH_NET else 0
    scopes = 0b11 if abi >= _ABI_WITH_SCOPES else 0
    rules = struct.pack("<QQQ", files, network, scopes)
    used = 24 if scopes else 16 if network else 8
    ruleset = _LIBC.syscall(_LANDLOCK_CREATE, rules, ctypes.c_size_t(used), 0)
    if ruleset < 0:
        return None
    entered = _LIBC.syscall(_LANDLOCK_RESTRICT, ruleset, 0) == 0
    os.close(ruleset)
    return abi if entered else None


def _deny_system_calls() -> bool:
    """Allow the listed system calls; others fail with EPERM, a foreign architecture kills."""
    machine = platform.machine()
    if machine not in _ALLOWED:
        return False
    allowed = _ALLOWED[machine]
    steps = [(_LOAD, 0, 0, 4), (_JUMP_IF_EQUAL, 1, 0, _AUDIT_ARCH[machine]), (_RETURN, 0, 0, _KILL)]
    steps.append((_LOAD, 0, 0, 0))
    steps += [(_JUMP_IF_EQUAL, len(allowed) - i, 0, call) for i, call in enumerate(allowed)]
    steps += [(_RETURN, 0, 0, _DENY), (_RETURN, 0, 0, _ALLOW)]
    code = b"".join(struct.pack("<HBBI", *step) for step in steps)
    program = _Program(len(steps), code)
    sealed = _LIBC.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0)
    return int(sealed) == 0
