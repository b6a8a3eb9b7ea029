#!/usr/bin/env python3
"""Takes one golden vector per message and version, and some of every other kind, into tests/golden/protocol/.

    make_subset.py VECTORS

VECTORS is a folder of vectors in the format that README.md describes. Gives the same files every time.
"""

import gzip
import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
MESSAGES = ('requests', 'responses', 'headers', 'data-messages', 'group-coordinator-records', 'transaction-coordinator-records',
            'share-coordinator-records', 'frames', 'legacy/requests', 'legacy/responses', 'legacy/headers', 'legacy/frames')
# Kept: all invalid and peculiar lines of each file, and every so many of the others.
OTHERS = {'varints': 29, 'crc32c': 10, 'murmur2': 17, 'consumer-protocol': 9, 'record-batches': 3}
LONGEST = 6000


def lines_of(folder, name):
    with gzip.open(os.path.join(folder, name + '.jsonl.gz'), 'rt', encoding='utf-8') as file:
        return [line.rstrip('\n') for line in file]


def one_per_version(lines):
    """The longest vector of each message and version that is not too long to read."""
    best = {}
    for line in lines:
        vector = json.loads(line)
        key = (vector.get('message', vector.get('api')), vector['kind'], vector['version'])
        known = best.get(key)
        if known is None or len(known) < len(line) <= LONGEST or len(line) < len(known) > LONGEST:
            best[key] = line
    return list(best.values())


def is_ordinary(name, line):
    vector = json.loads(line)
    # Every record set has a note that says what it is; elsewhere a note marks what is peculiar.
    return vector.get('valid', True) and (name == 'record-batches' or 'note' not in vector)


def some(name, every, lines):
    ordinary = [line for line in lines if is_ordinary(name, line)]
    kept = set(ordinary[::every])
    return [line for line in lines if line in kept or not is_ordinary(name, line)]


def write(name, lines):
    path = os.path.join(HERE, 'protocol', name + '.jsonl.gz')
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'wb') as raw, gzip.GzipFile(filename='', mode='wb', fileobj=raw, mtime=0) as file:
        file.write(('\n'.join(lines) + '\n').encode())


def main(arguments):
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    for name in MESSAGES:
        write(name, one_per_version(lines_of(arguments[0], name)))
    for name, every in OTHERS.items():
        write(name, some(name, every, lines_of(arguments[0], name)))
    return 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
