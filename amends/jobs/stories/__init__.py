"""Stories of invented cases: read from the `demo` folder of a pack, rehearsed on paper, and played on a demo desk."""
