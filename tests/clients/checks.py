"""Runs the checks of one file. Each prints one line: PASS name, FAIL name: why, or SKIP name: why.

A check is a function whose name says the behaviour, marked with @check. The file's arguments, if any, choose checks
by a part of their name; `--list` names them all.
"""

import sys
import time
import traceback


class Skip(Exception):
    """The machine lacks what the check needs; the text says what."""


class Failed(Exception):
    """The broker did not do what it promises; the text says what was seen instead."""


CHECKS = []


def check(function):
    CHECKS.append(function)
    return function


def expect(condition, why):
    if not condition:
        raise Failed(why)


def expect_equal(seen, wanted, what):
    if seen != wanted:
        raise Failed(f'{what}: expected {shortened(wanted)}, got {shortened(seen)}')


def shortened(value, limit=300):
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= limit else text[:limit] + f'... ({len(text)} characters)'


def until(condition, what, seconds=15.0, pause=0.02):
    """Polls until the condition holds and returns its value. The deadline only bounds a failure."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise Failed(f'not within {seconds:.0f} s: {what}')
        time.sleep(pause)


def one_line(text):
    return ' '.join(str(text).split())


def run_one(prefix, function):
    name = f'{prefix}.{function.__name__}'
    try:
        function()
    except Skip as why:
        print(f'SKIP {name}: {one_line(why)}', flush=True)
    except Exception as why:  # noqa: a client library may raise anything; all of it is a failed check
        kind = '' if isinstance(why, Failed) else type(why).__name__ + ': '
        print(f'FAIL {name}: {shortened(one_line(kind + str(why)), 600)}', flush=True)
        if not isinstance(why, Failed):
            traceback.print_exc(file=sys.stderr)
        return False
    else:
        print(f'PASS {name}', flush=True)
    return True


def main(prefix, finish=None, good=True):
    """Runs the file's checks; `finish` stops what they share. Exits with 1 when one failed, or without `good`."""
    wanted = [argument for argument in sys.argv[1:] if not argument.startswith('-')]
    if '--list' in sys.argv[1:]:
        for function in CHECKS:
            print(f'{prefix}.{function.__name__}')
        return
    try:
        for function in CHECKS:
            if not wanted or any(part in function.__name__ for part in wanted):
                good = run_one(prefix, function) and good
    finally:
        if finish is not None:
            finish()
    sys.exit(0 if good else 1)
