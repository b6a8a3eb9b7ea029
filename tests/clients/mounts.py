"""Small memory disks for tests of full and read-only disks."""

import contextlib
import os
import subprocess

from checks import Skip


class Disk:
    def __init__(self, path, prefix):
        self.path, self.prefix = path, prefix

    def remount(self, options):
        subprocess.run([*self.prefix, 'mount', '-o', f'remount,{options}', self.path], check=True, capture_output=True)

    def free_bytes(self):
        seen = os.statvfs(self.path)
        return seen.f_bavail * seen.f_frsize


@contextlib.contextmanager
def tmpfs(path, megabytes):
    """A disk of that size, gone afterwards. Skips where mounting is not permitted."""
    os.makedirs(path, exist_ok=True)
    command = ['mount', '-t', 'tmpfs', '-o', f'size={megabytes}m,mode=777', 'barnabas-test', path]
    for prefix in ([], ['sudo', '-n']):
        with contextlib.suppress(FileNotFoundError):
            if subprocess.run([*prefix, *command], capture_output=True, check=False).returncode == 0:
                break
    else:
        raise Skip('a small disk cannot be mounted here; that needs root with the right to mount')
    try:
        yield Disk(path, prefix)
    finally:
        subprocess.run([*prefix, 'umount', '-l', path], capture_output=True, check=False)
