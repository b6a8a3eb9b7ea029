"""Deep: the same seeds in a build without optimisation, in other processes, with other addresses and memory: same hashes."""

import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SEEDS = 50
RELEASE, DEBUG = os.path.join(ROOT, 'build'), os.path.join(ROOT, 'build-debug')


def sweep(folder, twice):
    hashes = os.path.join(folder, 'determinism.hashes')
    command = [os.path.join(folder, 'cmd', 'barnabas'), 'sim', 'sweep', '--seeds', f'1..{SEEDS}', '--jobs',
               str(os.cpu_count() or 1), '--twice', str(twice), '--hashes', hashes, '--failures',
               os.path.join(folder, 'sim-failures')]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors='replace', check=False)
    if done.returncode != 0:
        raise RuntimeError(f'{folder} ended with status {done.returncode}: {done.stdout[-600:]}')
    with open(hashes, encoding='utf-8') as file:
        return {line.rsplit(' ', 1)[0]: line.rsplit(' ', 1)[1].strip() for line in file}, done.stdout


def build_debug():
    """The program alone, as the compiler makes it without optimisation and from each source by itself."""
    if not os.path.exists(os.path.join(DEBUG, 'build.ninja')):
        subprocess.run(['meson', 'setup', DEBUG, '-Doptimization=0', '-Ddebug=true', '-Dunity=off'], cwd=ROOT, check=True,
                       stdout=subprocess.DEVNULL)
    subprocess.run(['ninja', '-C', DEBUG, 'cmd/barnabas'], check=True, stdout=subprocess.DEVNULL)


def check():
    release, output = sweep(RELEASE, 100)
    if re.search(rf' {SEEDS} run twice', output) is None:
        return f'not every seed ran twice: {output[-300:]}'
    print(f'PASS determinism.{SEEDS}_seeds_in_other_processes_agree', flush=True)
    build_debug()
    debug, _ = sweep(DEBUG, 0)
    different = [seed for seed, value in release.items() if debug.get(seed) != value]
    return f'these differ between builds: {different}' if different or len(release) != SEEDS else None


def main():
    try:
        why = check()
    except (OSError, RuntimeError, subprocess.CalledProcessError) as problem:
        why = str(problem)
    print(f'PASS determinism.debug_and_release_agree_on_{SEEDS}_seeds' if why is None
          else f'FAIL determinism: {" ".join(why.split())}', flush=True)
    return 0 if why is None else 1


if __name__ == '__main__':
    sys.exit(main())
