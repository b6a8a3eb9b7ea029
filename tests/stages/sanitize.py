"""Unit tests and simulated runs under the address and undefined-behaviour sanitizers, in build-asan/.

CAF, Cap'n Proto and the codecs are Debian's and not instrumented; what crosses into them is checked by interceptors.
Without --deep: the unit tests of protocol, actors and simulator, and a short sweep; --deep: all unit tests, a long one.
"""

import concurrent.futures
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import gtest  # noqa: E402
from deep import Build, Progress, Report, sweep_for  # noqa: E402

SWEEP_MINUTES, DEEP_SWEEP_MINUTES = 1, 30
FIRST_FOLDERS = ('tests/unit/protocol/', 'tests/unit/actors/', 'tests/unit/sim/')
# Three checks of the undefined-behaviour sanitizer double the time of compiling; what they find (null pointers, bytes
# behind an object) stops the address sanitizer too, and classes here are not cast downwards.
LEFT_OUT = '-fno-sanitize=null,object-size,vptr'
# Instrumented code takes so much longer.
SLOWER = 10
ENVIRONMENT = {
    'ASAN_OPTIONS': 'detect_leaks=1:detect_stack_use_after_return=1:strict_init_order=1:check_initialization_order=1',
    'LSAN_OPTIONS': 'print_suppressions=0:suppressions=' + os.path.join(
        os.path.dirname(os.path.abspath(__file__)), 'left_for_ever.txt'),
    'UBSAN_OPTIONS': 'halt_on_error=1:print_stacktrace=1',
}

report = Report('sanitize')


def chosen_tests(build, deep):
    for name, test in sorted(build.tests().items()):
        program = build.program_of(test)
        if program.startswith('tests/') and (deep or program.startswith(FIRST_FOLDERS)):
            yield name, program, test


def run_test(test):
    timeout = SLOWER * max(test.get('timeout', 0), 30)
    return gtest.run({**test, 'timeout': timeout, 'env': {**test.get('env', {}), **ENVIRONMENT}})


def run_tests(chosen, progress):
    left = [(name, test) for name, _, test in chosen if not progress.get(name)]
    for name, _, _ in chosen:
        if progress.get(name):
            report.passed(f'{name} (before it was stopped)')
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for (name, _), lines in zip(left, pool.map(run_test, [test for _, test in left])):
            print('\n'.join(f'{line[:5]}sanitize.{line[5:]}' for line in lines), flush=True)
            if any(line.startswith('FAIL') for line in lines):
                report.good = False
            else:
                progress.put(name)


def main():
    deep = '--deep' in sys.argv[1:]
    build = Build('build-asan', ['-Db_sanitize=address,undefined', '-Db_lundef=false', '-Doptimization=1',
                                 f'-Dcpp_args={LEFT_OUT}'])
    # Configures; the programs to build are known behind it.
    problem = build.make('build.ninja')
    chosen = [] if problem else list(chosen_tests(build, deep))
    problem = problem or build.make('cmd/barnabas', *[program for _, program, _ in chosen])
    if problem is not None:
        report.failed('build', problem)
        return report.code()
    progress = Progress(build.folder, 'sanitize-deep' if deep else 'sanitize')
    run_tests(chosen, progress)
    sweep_for(build.path('cmd', 'barnabas'), DEEP_SWEEP_MINUTES if deep else SWEEP_MINUTES, build.folder, report,
              ENVIRONMENT)
    if report.good:
        progress.finish()
    return report.code()


if __name__ == '__main__':
    sys.exit(main())
