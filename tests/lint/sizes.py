"""How large things may be."""

import source
from tree import CODE

FILE_LINES_MAX = 500
HEADER_LINES_MAX = 250
FUNCTION_LINES_MAX = 50
PARAMETERS_MAX = 5
LEVELS_MAX = 3


def length(tree):
    """Files, headers and functions stay short."""
    for path in tree.paths:
        if path.endswith(CODE + ('.py',)):
            lines = tree.text(path).count('\n')
            limit = HEADER_LINES_MAX if path.endswith('.hpp') else FILE_LINES_MAX
            if lines > limit:
                yield path, 0, f'has {lines} lines, at most {limit} are allowed'
    for path in tree.cpp():
        for one in tree.cut(path).functions:
            lines = one.last - one.first + 1
            if lines > FUNCTION_LINES_MAX:
                lines -= source.table_rows(tree.text(path), one.first, one.last)
            if lines > FUNCTION_LINES_MAX:
                yield path, one.first, f'{one.name} has {lines} lines, at most {FUNCTION_LINES_MAX} are allowed'


def parameters(tree):
    """What takes more than five things takes an options struct."""
    for path in tree.cpp():
        for one in tree.cut(path).functions:
            count = source.parameters(one.head)
            if count > PARAMETERS_MAX:
                yield path, one.first, f'{one.name} has {count} parameters, at most {PARAMETERS_MAX} are allowed'


def nesting(tree):
    """Branches do not lie deep in branches."""
    for path in tree.cpp():
        for one in tree.cut(path).functions:
            levels = source.nesting(one.body)
            if levels > LEVELS_MAX:
                yield path, one.first, f'{one.name} has {levels} levels of branches, at most {LEVELS_MAX} are allowed'


ALL = [length, parameters, nesting]
