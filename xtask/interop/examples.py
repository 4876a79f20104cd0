"""Runs the examples of a client one after the other, whatever becomes of each, and counts the ones that pass."""

import importlib.metadata
import sys
import traceback


def run(package, examples):
    passed = 0
    for example in examples:
        try:
            example()
        except Exception:
            print(f"{package}: {example.__name__} failed\n{traceback.format_exc()}", file=sys.stderr)
        else:
            passed += 1
    print(f"{package} {importlib.metadata.version(package)}: {passed}/{len(examples)}")
    sys.exit(0 if passed == len(examples) else 1)


class Raises:
    """The block has to fail with this error, which is in `error` afterwards. An assertion that fails in the block stays one."""

    def __init__(self, kind):
        self.kind = kind
        self.error = None

    def __enter__(self):
        return self

    def __exit__(self, kind, error, _):
        if kind is None:
            raise AssertionError(f"no {self.kind.__name__} was raised")
        self.error = error
        return issubclass(kind, self.kind)
