"""One installation for all tests of backups and restores: starting one takes seconds."""

from collections.abc import Iterator

import pytest

from tests.faults.installation import Installation


@pytest.fixture(scope="session")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    installation = Installation(tmp_path_factory.mktemp("restore"))
    yield installation
    installation.server.release()
