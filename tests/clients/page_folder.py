"""Commands as pages and tutorials have them, run in a folder of their own: `bin/kafka-topics.sh ...` and localhost:9092.

The server's address is another, since that port may be taken, and the program is the one under test (`cmd/start` would
build one).
"""

import os
import re
import signal
import subprocess
import tempfile

from broker import PROGRAM, answers, free_port
from checks import expect, expect_equal, until

ADDRESS = 'localhost:9092'
SERVERS = ('cmd/start', 'bin/kafka-server-start.sh')
# They go on until somebody ends them.
READERS = re.compile(r'(?:bin/kafka-console-consumer\.sh|build/cmd/barnabas consume) ')
# Without --bootstrap-server they go to localhost:9092.
SHORT = re.compile(r'(build/cmd/barnabas (?:produce|consume)) ')


class Page:
    """A folder in which the page's commands run, and the broker that they started."""

    def __enter__(self):
        self.home = tempfile.TemporaryDirectory(prefix='barnabas-quickstart-')
        self.folder, self.server = self.home.name, None
        self.port, self.http_port = free_port(), free_port()
        os.makedirs(os.path.join(self.folder, 'build', 'cmd'))
        os.symlink(os.path.abspath(PROGRAM), os.path.join(self.folder, 'build', 'cmd', 'barnabas'))
        os.mkdir(os.path.join(self.folder, 'bin'))
        return self

    def __exit__(self, *_):
        self.stop_server()
        self.home.cleanup()

    def link(self, command):
        """What `meson install` links; `kafka_names_checks.py` looks at that."""
        for name in re.findall(r'bin/(kafka-[a-z-]+\.sh)', command):
            path = os.path.join(self.folder, 'bin', name)
            if not os.path.lexists(path):
                os.symlink(os.path.abspath(PROGRAM), path)

    def here(self, command):
        """The command with the address of this page's server."""
        self.link(command)
        return SHORT.sub(rf'\1 --bootstrap-server 127.0.0.1:{self.port} ', command.replace(ADDRESS, f'127.0.0.1:{self.port}'))

    def run(self, command, typed, wanted):
        here = self.here(command)
        if command.strip().split()[0] in SERVERS:
            self.start_server(command.strip())
            return ''
        if READERS.match(command):
            return self.read(here, wanted)
        done = subprocess.run(['bash', '-ec', here], cwd=self.folder, input=typed, capture_output=True, timeout=60, check=False,
                              text=True)
        if not command.startswith('build/cmd/barnabas doctor'):
            expect_equal((done.returncode, done.stderr), (0, ''), f'status and standard error of {command!r} ({done.stdout})')
        return done.stdout

    def read(self, command, wanted):
        """What a reader prints until it is all there; then it is ended as a person would."""
        with open(os.path.join(self.folder, 'read'), 'w+', encoding='utf-8') as output:
            reader = subprocess.Popen(command.split(), cwd=self.folder, stdin=subprocess.DEVNULL, stdout=output,
                                      stderr=subprocess.DEVNULL)
            try:
                until(lambda: os.fstat(output.fileno()).st_size >= len(wanted), f'{command} has read all', 30)
            finally:
                reader.send_signal(signal.SIGINT)
                reader.wait(30)
            output.seek(0)
            return output.read()

    def start_server(self, command):
        self.stop_server()
        own = [f'--override={one}' for one in (f'listeners=PLAINTEXT://127.0.0.1:{self.port}',
                                               f'barnabas.http.listener=127.0.0.1:{self.http_port}')]
        words = command.split() if command.startswith('bin/') else ['build/cmd/barnabas', 'start']
        self.server = subprocess.Popen([*words, *own], cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                       stderr=subprocess.PIPE)
        until(lambda: self.server.poll() is not None or answers(self.port), f'{command} listens', 30)
        expect(self.server.poll() is None, f'{command} ended: {self.server.stderr.read() if self.server.poll() else b""}')

    def stop_server(self):
        if self.server is not None:
            self.server.send_signal(signal.SIGINT)
            self.server.wait(30)
            self.server = None
