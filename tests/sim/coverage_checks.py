"""What a sweep reports of its coverage: it is complete, it does not depend on the processes, and it changes no run."""

import os
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROGRAM = os.environ.get('BARNABAS_PROGRAM', os.path.join(ROOT, 'build', 'cmd', 'barnabas'))
SEEDS = 12
good = True


def report(name, why=None):
    global good
    good = good and why is None
    print(f'PASS sim.coverage.{name}' if why is None else f'FAIL sim.coverage.{name}: {" ".join(why.split())[-600:]}', flush=True)


def sweep(folder, jobs, with_coverage=True):
    """(the coverage file's text, the seeds' trace hashes)."""
    coverage, hashes = (os.path.join(folder, f'{name}-{jobs}-{with_coverage}') for name in ('coverage', 'hashes'))
    command = [PROGRAM, 'sim', 'sweep', '--seeds', f'1..{SEEDS}', '--seconds', '30', '--jobs', str(jobs), '--twice', '0',
               '--failures', 'none', '--hashes', hashes]
    done = subprocess.run(command + (['--coverage', coverage] if with_coverage else []), stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors='replace', check=False)
    if done.returncode not in (0, 1):
        raise RuntimeError(f'the sweep ended with status {done.returncode}: {done.stdout}')
    texts = []
    for path in (coverage, hashes):
        if os.path.exists(path):
            with open(path, encoding='utf-8') as file:
                texts.append(sorted(file.read().splitlines()))
        else:
            texts.append([])
    return texts


def complaint_about(lines):
    counts = {' '.join(line.split()[:-1]): int(line.split()[-1]) for line in lines}
    marks = {what: count for what, count in counts.items() if what.startswith('mark ')}
    if counts.get('runs') != SEEDS:
        return f'{counts.get("runs")} runs instead of {SEEDS}'
    if len(marks) < 60 or not any(marks.values()) or all(marks.values()):
        return f'{len(marks)} marks, of which {sum(1 for count in marks.values() if count)} were hit'
    for what in ('mark log_created actors/', 'fault ', 'drawn producer.acks ', 'drawn fault.kind ', 'drawn topic.number '):
        if not any(line.startswith(what) and count for line, count in counts.items()):
            return f'no line begins with {what}'
    return None


def main():
    try:
        with tempfile.TemporaryDirectory() as folder:
            alone, hashes = sweep(folder, 1)
            together, _ = sweep(folder, 3)
            _, without = sweep(folder, 2, False)
            report('is_complete', complaint_about(alone))
            report('does_not_depend_on_processes', None if alone == together else
                   f'one job and three differ: {sorted(set(alone) ^ set(together))[:6]}')
            report('changes_no_run', None if hashes == without and len(hashes) == SEEDS else f'{hashes} and {without}')
    except (OSError, RuntimeError, ValueError) as why:
        report('run', str(why))
    return 0 if good else 1


if __name__ == '__main__':
    sys.exit(main())
