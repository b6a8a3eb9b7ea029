"""A broker process for a test: free ports on 127.0.0.1, a fresh data directory, its standard error kept.

    with Broker({'num.partitions': 6}) as broker:
        use(broker.bootstrap)

Nothing here waits for a fixed time: a condition is polled until it holds, and a deadline bounds the failure.
"""

import glob
import os
import random
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

from checks import Failed, Skip, until

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROGRAM = os.environ.get('BARNABAS_PROGRAM', os.path.join(ROOT, 'build', 'cmd', 'barnabas'))
CODECS = ['none', 'gzip', 'snappy', 'lz4', 'zstd']


def free_port():
    """Below those that the system gives to connections: a broker that is down for a moment finds it free again."""
    with open('/proc/sys/net/ipv4/ip_local_port_range', encoding='utf-8') as bounds:
        below = max(int(bounds.read().split()[0]), 16384)
    while True:
        with socket.socket() as probe:
            try:
                probe.bind(('127.0.0.1', random.randrange(10_000, below)))
                return probe.getsockname()[1]
            except OSError:
                continue


def answers(port):
    try:
        with socket.create_connection(('127.0.0.1', port), timeout=1):
            return True
    except OSError:
        return False


class Broker:
    def __init__(self, overrides=None, data_dir=None, preexec=None, environment=None):
        self.port, self.http_port = free_port(), free_port()
        self.home = tempfile.mkdtemp(prefix='barnabas-test-')
        self.data_dir = data_dir or os.path.join(self.home, 'data')
        self.overrides = {
            'listeners': f'PLAINTEXT://127.0.0.1:{self.port}',
            'barnabas.http.listener': f'127.0.0.1:{self.http_port}',
            'log.dirs': self.data_dir,
        }
        # "key=value key=value": how a stage runs all of these tests with another configuration.
        self.overrides.update(one.split('=', 1) for one in os.environ.get('BARNABAS_OVERRIDES', '').split())
        self.overrides.update(overrides or {})
        self.preexec, self.environment = preexec, environment
        self.error_path = os.path.join(self.home, 'stderr')
        self.process = None

    @property
    def bootstrap(self):
        return f'127.0.0.1:{self.port}'

    @property
    def pid(self):
        return self.process.pid

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.discard()

    def command(self):
        arguments = [PROGRAM, 'start']
        for key, value in self.overrides.items():
            if value is not None:
                arguments += ['--override', f'{key}={value}']
        return arguments

    def start(self, seconds=30.0):
        if not os.access(PROGRAM, os.X_OK):
            raise Failed(f'there is no broker program at {PROGRAM}; build it first')
        with open(self.error_path, 'ab') as errors:
            self.process = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, stdout=errors, stderr=errors,
                                            cwd=self.home, preexec_fn=self.preexec, env=self.environment)
        until(self.is_ready, 'the broker accepts connections', seconds)
        return self

    def is_ready(self):
        if self.process.poll() is not None:
            raise Failed(f'the broker ended with {self.process.returncode}: {self.last_lines()}')
        return answers(self.port) and self.http('/ready')[0] == 200

    def stop(self, seconds=30.0):
        """SIGTERM; returns the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.wait(seconds)

    def wait(self, seconds=30.0):
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise Failed(f'the broker did not end within {seconds:.0f} s: {self.last_lines()}') from None

    def kill(self):
        """kill -9: what was not on stable storage may be lost."""
        self.process.kill()
        self.process.wait()

    def restart(self):
        return self.start()

    def discard(self):
        if self.process is not None and self.process.poll() is None:
            self.kill()
        shutil.rmtree(self.home, ignore_errors=True)

    def is_running(self):
        return self.process.poll() is None

    def stderr(self):
        with open(self.error_path, encoding='utf-8', errors='replace') as errors:
            return errors.read()

    def last_lines(self, count=5):
        return ' | '.join(self.stderr().strip().splitlines()[-count:])

    def mark(self):
        """A place in the log; `wait_for_line` looks behind it."""
        return os.path.getsize(self.error_path)

    def wait_for_line(self, part, since=0, seconds=10.0):
        def find():
            with open(self.error_path, 'rb') as errors:
                errors.seek(since)
                lines = errors.read().decode('utf-8', 'replace').splitlines()
            return next((line for line in lines if part.lower() in line.lower()), None)

        return until(find, f'a log line that holds "{part}" (the log ends: {self.last_lines()})', seconds)

    def http(self, path):
        """Status and text of a page; status 0 when nobody answers."""
        try:
            with urllib.request.urlopen(f'http://127.0.0.1:{self.http_port}{path}', timeout=5) as page:
                return page.status, page.read().decode()
        except urllib.error.HTTPError as failure:
            return failure.code, failure.read().decode()
        except OSError:
            return 0, ''

    def status(self, key):
        """A figure of /proc/PID/status in bytes: VmRSS now, VmHWM at its highest."""
        with open(f'/proc/{self.pid}/status', encoding='ascii') as lines:
            for line in lines:
                if line.startswith(key + ':'):
                    return int(line.split()[1]) * 1024
        raise Failed(f'/proc/{self.pid}/status has no {key}')

    def rss(self):
        return self.status('VmRSS')

    def rss_peak(self):
        return self.status('VmHWM')

    def cpu_seconds(self):
        """Time of all threads, in user and in system mode."""
        with open(f'/proc/{self.pid}/stat', encoding='ascii') as text:
            fields = text.read().rpartition(')')[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')

    def stored_batches(self, topic, partition=None):
        """Headers of all batches that lie in the topic's segment files, in order."""
        pattern = f'{topic}-{"*" if partition is None else partition}'
        batches = []
        for path in sorted(glob.glob(os.path.join(glob.escape(self.data_dir), pattern, '*.log'))):
            with open(path, 'rb') as segment:
                batches += batch_headers(segment.read())
        return batches

    def stored_codecs(self, topic):
        return {batch['codec'] for batch in self.stored_batches(topic)}


def batch_headers(data):
    """Reads record batches v2 without trusting them: a torn tail ends the list."""
    at, found = 0, []
    while at + 61 <= len(data):
        base, length, epoch, magic = struct.unpack_from('>qiib', data, at)
        if length < 49 or magic != 2 or at + 12 + length > len(data):
            break
        attributes, last_delta = struct.unpack_from('>hi', data, at + 21)
        count = struct.unpack_from('>i', data, at + 57)[0]
        codec = attributes & 7
        found.append({'base_offset': base, 'size': 12 + length, 'leader_epoch': epoch, 'count': count,
                      'last_offset': base + last_delta,
                      'codec': CODECS[codec] if codec < len(CODECS) else str(codec),
                      'producer_id': struct.unpack_from('>q', data, at + 43)[0]})
        at += 12 + length
    return found


def run(arguments, data=None, seconds=60.0, cwd=None, good=True):
    """Runs a program to its end. With `good` an exit code other than 0 is a failure."""
    try:
        done = subprocess.run(arguments, input=data, capture_output=True, timeout=seconds, cwd=cwd, check=False)
    except FileNotFoundError:
        raise Skip(f'{arguments[0]} is not installed') from None
    except subprocess.TimeoutExpired as late:
        raise Failed(f'{" ".join(arguments)[:200]} did not end within {seconds:.0f} s: '
                     f'{(late.stderr or b"").decode(errors="replace")[-300:]}') from None
    if good and done.returncode != 0:
        raise Failed(f'{" ".join(arguments)[:200]} ended with {done.returncode}: '
                     f'{done.stderr.decode(errors="replace")[-300:]}')
    return done


def remaining(deadline):
    return max(0.0, deadline - time.monotonic())
