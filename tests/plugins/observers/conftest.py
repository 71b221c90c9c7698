"""A router that stores its decisions where a test looks for them."""

import pytest
from conftest import make_router


@pytest.fixture
def store(tmp_path):
    """Where the decisions go."""
    return tmp_path / "traces.sqlite"


@pytest.fixture
def routing(backend, tmp_path, store):
    """Make routers with that store; further settings of `[traces]` may be given."""
    made = []

    def make(**traces):
        made.append(make_router(backend, tmp_path, traces={"path": str(store), **traces}))
        return made[-1]

    yield make
    for router in made:
        router.close()
