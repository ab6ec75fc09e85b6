"""What every part of a pack is made of: frozen pieces, titles in three languages, clause references."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
"""An identifier inside a pack: lower case, digits, underscores."""

ClauseId = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9]*(-[A-Za-z0-9.]+)+$")]


class Piece(BaseModel):
    """A part of a pack: never changed after reading, and without unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Title(Piece):
    """A wording in the languages of the product; zh-Hant is derived from zh-Hans where it is not given."""

    zh_hans: str = Field(alias="zh-Hans", min_length=1)
    en: str | None = None
    zh_hant: str | None = Field(default=None, alias="zh-Hant")

    def in_language(self, language: str) -> str:
        """The wording for `language` (zh-hans, zh-hant, en); zh-Hans stands in for one that is missing."""
        if language == "en":
            return self.en or self.zh_hans
        if language == "zh-hant":
            return self.zh_hant or self.zh_hans
        return self.zh_hans


class Ruled(Piece):
    """A piece that a clause asks for; the clauses are what conformity is printed from."""

    clause: tuple[ClauseId, ...] = ()
