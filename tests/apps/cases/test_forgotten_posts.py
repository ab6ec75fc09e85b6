"""What was ignored on social media is forgotten after a while; that it was found is not."""

from datetime import UTC, datetime, timedelta

import pytest

from amends.apps.cases.models import FoundPost
from amends.apps.cases.posts import forget_ignored_posts
from tests.world import open_world, publish_shipped

NOW = datetime(2026, 3, 4, 2, 0, tzinfo=UTC)


@pytest.mark.django_db
def test_only_what_an_old_ignored_post_said_is_emptied():
    publish_shipped(("express",), now=NOW)
    world = open_world("express", now=NOW)
    person = world.desk.memberships.first().person

    def post(n: int, state: str, decided_at: datetime | None) -> FoundPost:
        return FoundPost.objects.create(
            desk=world.desk, channel="social_media", platform="weibo", author="阿宁", posted_at=NOW, text="快递三天没动",
            link=f"https://weibo.com/{n}", link_hash=str(n), found_by=person, found_at=NOW, state=state, decided_at=decided_at,
            reason="同名公司",
        )  # fmt: skip

    old, young, open_ = (
        post(1, "ignored", NOW), post(2, "ignored", NOW + timedelta(days=2)), post(3, "new", None),
    )  # fmt: skip
    assert [forget_ignored_posts(before=NOW + timedelta(days=1)) for _ in range(2)] == [1, 0]
    kept = dict(FoundPost.objects.values_list("pk", "text"))
    assert kept == {old.pk: "", young.pk: "快递三天没动", open_.pk: "快递三天没动"}
    old.refresh_from_db()
    assert (old.author, old.link, old.link_hash, old.reason) == ("", "", "1", "同名公司")
