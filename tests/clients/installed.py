"""What `meson install` puts into a folder."""

import glob
import os
import shutil
import tempfile

from broker import PROGRAM, run
from checks import Skip, expect

BUILD = os.path.dirname(os.path.dirname(os.path.abspath(PROGRAM)))


class Installed:
    def __enter__(self):
        if not os.path.exists(os.path.join(BUILD, 'build.ninja')) or shutil.which('meson') is None:
            raise Skip(f'{BUILD} is no build folder of meson')
        self.folder = tempfile.mkdtemp(prefix='barnabas-install-')
        run(['meson', 'install', '-C', BUILD, '--no-rebuild', '--quiet', '--destdir', self.folder], seconds=120)
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.folder)

    def path(self, *parts):
        program = glob.glob(os.path.join(self.folder, '**', 'bin', 'barnabas'), recursive=True)
        expect(program, 'the program is not installed')
        return os.path.join(os.path.dirname(os.path.dirname(program[0])), *parts)

    def text(self, *parts):
        with open(self.path(*parts), encoding='utf-8') as file:
            return file.read()

    def run(self, name, *arguments):
        done = run([self.path('bin', name), *arguments], good=False)
        return done.returncode, done.stdout.decode(), done.stderr.decode()
