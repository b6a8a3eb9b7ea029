"""An interactive zsh that tells what it offers behind a line."""

import os
import pty
import select
import shutil
import subprocess
import tempfile

from broker import PROGRAM
from checks import Skip, until

# Ctrl-T completes and writes what was offered into a file, instead of changing the line; Ctrl-U forgets the line.
SETUP = r'''
PS1=
PATH={folder}:$PATH
{script}
compadd() {{
    local -a offered
    builtin compadd -A offered "$@"
    (($#offered)) && print -rl -- $offered >>{told}
    builtin compadd "$@"
}}
_tell() {{
    _main_complete
    compstate[insert]= compstate[list]=
    print -r -- {end} >>{told}
}}
zle -C tell complete-word _tell
bindkey '^T' tell
print -r -- {end} >>{told}
'''
END = '(that is all)'
SOURCED = 'autoload -Uz compinit && compinit -D -u\nsource <(barnabas completion zsh)'
INSTALLED = 'barnabas completion zsh >{home}/_barnabas\nfpath=({home} $fpath)\nautoload -Uz compinit && compinit -D -u'


class Zsh:
    """`how`: SOURCED, or INSTALLED as a file of $fpath."""

    def __init__(self, how=SOURCED):
        if shutil.which('zsh') is None:
            raise Skip('zsh is not installed')
        self.home = tempfile.mkdtemp(prefix='barnabas-test-')
        self.told = os.path.join(self.home, 'told')
        setup = os.path.join(self.home, 'setup')
        self.forget()
        # It may be another program's name elsewhere.
        os.symlink(os.path.abspath(PROGRAM), os.path.join(self.home, 'barnabas'))
        with open(setup, 'w', encoding='utf-8') as file:
            file.write(SETUP.format(folder=self.home, script=how.format(home=self.home), told=self.told, end=f"'{END}'"))
        self.terminal, inside = pty.openpty()
        self.shown = b''
        self.process = subprocess.Popen(['zsh', '-f', '-i'], stdin=inside, stdout=inside, stderr=inside, start_new_session=True,
                                        env={**os.environ, 'TERM': 'dumb', 'HOME': self.home})
        os.close(inside)
        self.type(f'source {setup}\n')
        self.answer()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        os.close(self.terminal)
        shutil.rmtree(self.home, ignore_errors=True)

    def completed(self, line):
        """What is offered behind the line, each once, in order."""
        self.forget()
        self.type(line + '\x14')
        offered = self.answer()
        self.type('\x15')
        return list(dict.fromkeys(offered))

    def forget(self):
        with open(self.told, 'w', encoding='utf-8'):
            pass

    def type(self, text):
        os.write(self.terminal, text.encode())

    def answer(self):
        def lines():
            # Who does not read what a terminal shows holds it up.
            while select.select([self.terminal], [], [], 0)[0]:
                self.shown += os.read(self.terminal, 1 << 16)
            with open(self.told, encoding='utf-8') as file:
                found = file.read().splitlines()
            return found[-1:] == [END] and found
        return until(lines, 'zsh completes', 30)[:-1]
