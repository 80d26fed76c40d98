"""What a process that reads somebody else's file may use, where the system can say so.

It imports nothing but the standard library: the bounds come before anything heavy.
"""

MEMORY = 2 * 10**9  # bytes
SECONDS = 7  # of the processor to judge a network, loading of torch apart
WAITING = 40  # seconds until then, where others use the processor too
LOADING = 90  # to load torch, on a slow disk
WRITTEN = 2**20  # bytes of a file; torch tries out where it may write


def bound(*, memory: int, seconds: int, written: int) -> None:
    """Bound this process, from now on and for good; on Windows nothing happens.

    Args:
        memory: bytes of numbers and objects.
        seconds: of processor time.
        written: most bytes of one file.
    """
    try:
        import resource
    except ImportError:  # Windows: the parent bounds the time, and nothing more
        return
    limits = {
        resource.RLIMIT_DATA: memory,
        resource.RLIMIT_CPU: seconds,
        resource.RLIMIT_FSIZE: written,
        resource.RLIMIT_CORE: 0,
    }
    for what, most in limits.items():
        resource.setrlimit(what, (most, most))


def bound_judging(seconds: int) -> None:
    """Allow no further process or thread, and so many more seconds of the processor."""
    try:
        import resource
    except ImportError:
        return
    used = resource.getrusage(resource.RUSAGE_SELF)
    most = int(used.ru_utime + used.ru_stime) + seconds
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (most, most))
