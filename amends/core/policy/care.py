"""What of the customer is kept in sight while a case is worked on: wish, situation, mood, relationship, similar cases."""

from __future__ import annotations

from pydantic import Field as Attribute

from amends.core.policy.base import Name, Piece, Ruled


class Mood(Ruled):
    """The field that notes how the customer feels, and the values of its scale at which help is offered.

    Its scale is a list of the pack, the calmest first; the field may be left open wherever it stands.
    """

    field: Name
    high: tuple[Name, ...] = ()


class Relationship(Ruled):
    """What is known of the customer beyond this case: fields that any of their cases of the desk may hold.

    It is shown beside the verbs in `beside`, with the earlier cases, and stands in for a `default_from` that this case lacks.
    """

    fields: tuple[Name, ...]
    beside: tuple[Name, ...]


class Similar(Ruled):
    """Solutions used in cases of the same main category, shown beside the verbs in `beside`, with the share accepted.

    `field` is the choice that says what was proposed at `proposed`, `amount` what it cost; the customer's answer is the verb
    in `accepted` or in `refused` that follows, whichever comes first.
    """

    field: Name
    amount: Name | None = None
    proposed: Name = "propose"
    accepted: tuple[Name, ...] = ("agree",)
    refused: tuple[Name, ...] = ("refuse",)
    beside: tuple[Name, ...]


class Answers(Ruled):
    """Earlier answers to questions that are alike, offered while somebody answers one.

    `field` is the text that answers where one of `verbs` was done, `question` are the texts that ask, `topic` the category of the
    question. They are those of cases, or of proceedings of the kind `of`. While a verb in `beside` is done, earlier answers of all
    such rules of the policy are offered, to be put into this rule's `field`. Source: SVC-2.1d
    """

    of: Name | None = None
    verbs: tuple[Name, ...] = Attribute(min_length=1)
    field: Name
    question: tuple[Name, ...] = Attribute(min_length=1)
    topic: Name | None = None
    beside: tuple[Name, ...] = ()


class Care(Piece):
    """`brief` are the fields on top of every page of the case, the latest value of each; a list shows the first that is known,
    and keeps the others to be unfolded. `relief` is the verb that hands a hard contact to somebody senior.
    """

    brief: tuple[Name | tuple[Name, ...], ...] = ()
    mood: Mood | None = None
    relationship: Relationship | None = None
    similar: Similar | None = None
    answers: tuple[Answers, ...] = ()
    relief: Name | None = None

    def answering(self, verb: str, of: str | None = None) -> Answers | None:
        """The rule by which earlier answers are offered while this verb is done, on a case or in a proceeding of the kind."""
        return next((rule for rule in self.answers if rule.of == of and verb in rule.beside), None)

    def brief_fields(self) -> tuple[Name, ...]:
        return tuple(name for one in self.brief for name in ((one,) if isinstance(one, str) else one))


class Scored(Ruled):
    """That the values of a field are kept for the experience summary; `comment` is the field that explains them."""

    comment: Name | None = None
    best: int | None = Attribute(default=None, ge=1, le=100)
