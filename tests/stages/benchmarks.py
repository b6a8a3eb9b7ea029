"""Google Benchmarks: builds the target `benchmarks` and shows the figures; a benchmark that fails is a failed check.

Nothing is asserted of the figures themselves. Arguments choose programs by a part of their name.
"""

import os
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from deep import ROOT, Build, Report  # noqa: E402

BUILD = os.environ.get('BARNABAS_BUILD', os.path.join(ROOT, 'build'))
report = Report('bench')


def programs():
    """Paths in the build folder of what the target `benchmarks` is made of."""
    listed = subprocess.run(['ninja', '-C', BUILD, '-t', 'query', 'benchmarks'], capture_output=True, text=True,
                            check=True)
    words = [line.strip() for line in listed.stdout.splitlines()]
    return sorted(word for word in words if word.endswith('_bench'))


def main():
    build = Build(os.path.relpath(BUILD, ROOT), [])
    problem = build.make('benchmarks')
    if problem is not None:
        report.failed('build', problem)
        return report.code()
    for program in programs():
        name = os.path.basename(program)
        if len(sys.argv) > 1 and not any(part in name for part in sys.argv[1:]):
            continue
        done = subprocess.run([build.path(program), '--benchmark_color=false'], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors='replace',
                              check=False)
        print(done.stdout, flush=True)
        if done.returncode == 0:
            report.passed(name)
        else:
            report.failed(name, done.stdout)
    return report.code()


if __name__ == '__main__':
    sys.exit(main())
