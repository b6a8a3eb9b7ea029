"""Runs the program `vectors` on the whole folder of golden vectors, which lies beside the repository (BARNABAS_SHARED names another place).

    whole_vectors.py PROGRAM

Ends with 77, which means skipped, and a sentence where that folder is absent.
"""

import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SHARED = os.environ.get('BARNABAS_SHARED') or os.path.join(os.path.dirname(ROOT), 'shared')
SKIPPED = 77


def main():
    folder = os.path.join(SHARED, 'kafka-protocol', 'vectors')
    if not os.path.isdir(folder):
        print(f'all golden vectors would be in {folder}, which is absent; those of tests/golden/protocol are checked')
        return SKIPPED
    done = subprocess.run([sys.argv[1], folder], stdin=subprocess.DEVNULL, check=False)
    return done.returncode


if __name__ == '__main__':
    sys.exit(main())
