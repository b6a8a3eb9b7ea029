"""An interactive bash that tells what a line becomes; its readline ends words at "=" and ":" as well."""

import os
import pty
import re
import select
import subprocess

from broker import PROGRAM
from checks import until


class Bash:
    def __init__(self):
        self.terminal, inside = pty.openpty()
        self.shown = ''
        folder = os.path.dirname(os.path.abspath(PROGRAM))
        self.process = subprocess.Popen(['bash', '--norc', '--noprofile', '-i'], stdin=inside, stdout=inside, stderr=inside,
                                        start_new_session=True, env={**os.environ, 'TERM': 'dumb', 'PS1': '',
                                                                     'PATH': f'{folder}:{os.environ["PATH"]}'})
        os.close(inside)
        # What the line came to is printed instead of being run: Ctrl-A goes to its begin.
        self.type(f'source <({PROGRAM} completion bash); came_to() {{ printf "<%s>" "$*"; echo .; }}; came_to ready\n')
        until(lambda: '<ready>.' in self.answer(), 'bash is ready', 30)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        os.close(self.terminal)

    def type(self, text):
        os.write(self.terminal, text.encode())

    def answer(self):
        while select.select([self.terminal], [], [], 0)[0]:
            self.shown += os.read(self.terminal, 1 << 16).decode(errors='replace')
        return self.shown

    def completed(self, line):
        """The line after a press of the tabulator."""
        self.shown = ''
        self.type(f'{line}\t\x01came_to \n')
        return until(lambda: re.search(r'<([^<>%]*)>\.', self.answer()), 'bash completes', 30).group(1)
