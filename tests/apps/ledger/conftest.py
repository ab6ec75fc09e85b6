import pytest


@pytest.fixture(autouse=True)
def own_checkpoint_key(tmp_path, settings):
    settings.VAR_DIR = tmp_path / "var"
    settings.ANCHOR_URL = f"file://{tmp_path}/elsewhere/anchors.jsonl"
