"""Forms of a pack on a page: read from what was posted, drawn with what was typed, what is wrong and what may be chosen."""

from amends.web.forms.drawing import draw
from amends.web.forms.drawn import DrawnForm
from amends.web.forms.posted import Posted, posted

__all__ = ["DrawnForm", "Posted", "draw", "posted"]
