"""docs/quickstart.md: each of its commands is run, in order, and what it prints is compared with the page.

Ids and folders may be others than on the page; blocks without a block of output behind them may print what they like.
"""

import os
import re

from broker import ROOT
from checks import check, expect, expect_equal, main
from page_folder import Page

PAGE = os.path.join(ROOT, 'docs', 'quickstart.md')
BLOCK = re.compile(r'^```(\w+)\n(.*?)^```$', re.MULTILINE | re.DOTALL)


def alike(text):
    """Without what differs from run to run."""
    text = re.sub(r'\b(TopicId: |cluster\.id )[A-Za-z0-9_-]{22}', r'\1ID', text)
    return re.sub(r'\S+/kraft-combined-logs', 'FOLDER', text)


@check
def every_command_prints_what_the_page_says():
    with open(PAGE, encoding='utf-8') as file:
        blocks = BLOCK.findall(file.read())
    compared = 0
    with Page() as page:
        for (kind, text), (next_kind, wanted) in zip(blocks, blocks[1:] + [('', '')]):
            if kind != 'sh':
                continue
            printed = page.run(text, wanted if next_kind == 'input' else '', wanted if next_kind == 'text' else '')
            if next_kind == 'text':
                expect_equal(alike(printed), alike(wanted), text)
                compared += 1
    expect(compared >= 7, f'only {compared} outputs were compared')


if __name__ == '__main__':
    main('quickstart')
