"""amends: complaints handled under a company's own written policy, with proof."""

__version__ = "0.1.0"
