"""A program in Python that forks while its threads call a simulator in another process, by a client that it shares with its children.

In each child, the client and an iterator of the parent return the error that says so, at once, and a client that the child builds
reads and writes. The parent's threads go on between any two forks. The last line is `fork from Python: PASSED/TOTAL`.

    python3 fork.py LIBRARY PORT
"""

import ctypes
import os
import signal
import sys
import threading

FORKS = 100
THREADS = 6
# A child, or the parent between two forks, that takes longer than this hangs: far longer than anything takes here.
LIMIT = 60
PARENTS, OWN = 0, 1
REFUSED = -1
INCIDENTS = 4

snow = ctypes.CDLL(sys.argv[1])  # its functions run without the lock of the interpreter
snow.snow_build.argtypes = [ctypes.c_size_t, ctypes.c_uint16]
snow.snow_list.argtypes = snow.snow_create.argtypes = [ctypes.c_size_t]
PORT = int(sys.argv[2])


class Caller(threading.Thread):
    """Calls until it is stopped, and counts the calls."""

    stop = False

    def __init__(self):
        super().__init__(daemon=True)
        self.calls, self.failures = 0, []
        self.has_called = threading.Condition()

    def run(self):
        while not Caller.stop:
            result = snow.snow_list(PARENTS)
            with self.has_called:
                if result != INCIDENTS:
                    self.failures.append(result)
                self.calls += 1
                self.has_called.notify_all()

    def goes_on(self):
        """Whether it completes a call that it begins now."""
        with self.has_called:
            goal = self.calls + 2  # one may have been under way
            return self.has_called.wait_for(lambda: self.calls >= goal or self.failures, LIMIT) and not self.failures


def in_the_child():
    """What is wrong in a child, or nothing."""
    expected = [
        ("list, by the parent's client", lambda: snow.snow_list(PARENTS), REFUSED),
        ("write, by the parent's client", lambda: snow.snow_create(PARENTS), REFUSED),
        ("the parent's iterator", snow.snow_next, REFUSED),
        ("dropping the parent's iterator", snow.snow_drop_iterator, 0),
        ("building a client", lambda: snow.snow_build(OWN, PORT), 0),
        ("list, by the child's client", lambda: snow.snow_list(OWN), INCIDENTS),
        ("write, by the child's client", lambda: snow.snow_create(OWN), 0),
        ("list, by the parent's client, later", lambda: snow.snow_list(PARENTS), REFUSED),
    ]
    for name, call, wanted in expected:
        result = call()
        if result != wanted:
            return f"{name}: {result} instead of {wanted}"
    return None


def fork():
    """Whether a child did what it should."""
    child = os.fork()
    if child == 0:
        signal.alarm(LIMIT)  # ends a child that hangs
        wrong = in_the_child()
        if wrong:
            print(f"child: {wrong}", file=sys.stderr, flush=True)
        os._exit(1 if wrong else 0)
    _, status = os.waitpid(child, 0)
    if status != 0:
        print(f"child: status {os.waitstatus_to_exitcode(status)}", file=sys.stderr)
    return status == 0


assert snow.snow_build(PARENTS, PORT) == 0
assert snow.snow_next() == 1
callers = [Caller() for _ in range(THREADS)]
for caller in callers:
    caller.start()
passed = 0
for _ in range(FORKS):
    passed += all(caller.goes_on() for caller in callers) and fork()
    if not all(caller.goes_on() for caller in callers):
        sys.exit("a thread of the parent does not go on")
Caller.stop = True
for caller in callers:
    caller.join(LIMIT)
    assert not caller.is_alive() and not caller.failures, caller.failures
assert snow.snow_next() == 1 and snow.snow_create(PARENTS) == 0
print(f"{sum(caller.calls for caller in callers)} calls of the parent's {THREADS} threads meanwhile")
print(f"fork from Python: {passed}/{FORKS}")
