"""Fetch page assets from the package registry and keep the few files that pages load.

Node comes as a Python wheel into a throw-away environment; it and node_modules are deleted afterwards.
The registries are those of the clients' own settings (PIP_INDEX_URL, UV_INDEX_URL, npm_config_registry).
"""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tools.house import PYTHON, ROOT, CannotGoOn, digest, install, is_current, mark_current, run, say, uv

VENDOR = ROOT / "amends" / "web" / "static" / "vendor"
ICON_LIST = ROOT / "amends" / "web" / "icons.txt"
KEPT = {
    # The manifest of static files fails on a sheet or script whose map is missing.
    "@tabler/core/dist/css/tabler.min.css": "tabler.min.css",
    "@tabler/core/dist/css/tabler.min.css.map": "tabler.min.css.map",
    "@tabler/core/dist/js/tabler.min.js": "tabler.min.js",
    "@tabler/core/dist/js/tabler.min.js.map": "tabler.min.js.map",
    "htmx.org/dist/htmx.min.js": "htmx.min.js",
    "@alpinejs/csp/dist/cdn.min.js": "alpine-csp.min.js",
}


def collect_assets() -> None:
    """Fill amends/web/static/vendor; nothing happens while the lock and the list of icons are unchanged."""
    stamp = VENDOR / ".stamp"
    key = digest(ROOT / "package-lock.json", ROOT / "requirements-assets.txt", ICON_LIST, Path(__file__))
    if is_current(stamp, key):
        return
    say("Collecting page assets …")
    with tempfile.TemporaryDirectory(prefix="amends-assets-") as folder:
        modules = _node_modules(Path(folder))
        shutil.rmtree(VENDOR, ignore_errors=True)
        VENDOR.mkdir(parents=True)
        for source, name in KEPT.items():
            shutil.copyfile(modules / source, VENDOR / name)
        (VENDOR / "icons.svg").write_text(_sprite(modules / "@tabler/icons/icons/outline"), encoding="utf-8")
    mark_current(stamp, key)


def _node_modules(folder: Path) -> Path:
    environment = folder / "node"
    if uv():
        run([uv(), "venv", "--quiet", "--python", PYTHON, environment], quiet=True)
    else:
        run([PYTHON, "-m", "venv", "--without-pip", environment], quiet=True)
    install(
        "--require-hashes",
        "--no-deps",
        "-r",
        ROOT / "requirements-assets.txt",
        into=environment / "bin/python",
    )
    for name in ["package.json", "package-lock.json", ".npmrc"]:
        shutil.copyfile(ROOT / name, folder / name)
    npm = [environment / "bin" / "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    done = subprocess.run(
        npm, cwd=folder, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    if done.returncode:
        raise CannotGoOn(f"npm could not fetch the page assets:\n{done.stdout}")
    return folder / "node_modules"


def _sprite(icons: Path) -> str:
    """One SVG with a symbol for each icon that pages use: <use href="…/icons.svg#phone">."""
    names = [line.strip() for line in ICON_LIST.read_text(encoding="utf-8").splitlines() if line.strip()]
    missing = [name for name in names if not (icons / f"{name}.svg").is_file()]
    if missing:
        raise CannotGoOn(f"amends/web/icons.txt names icons that Tabler does not have: {', '.join(missing)}.")
    symbols = [_symbol(name, (icons / f"{name}.svg").read_text(encoding="utf-8")) for name in names]
    return '<svg xmlns="http://www.w3.org/2000/svg">' + "".join(symbols) + "</svg>\n"


def _symbol(name: str, svg: str) -> str:
    shapes = re.search(r"<svg[^>]*>(.*)</svg>", svg, re.DOTALL).group(1)
    drawn = " ".join(shapes.split())
    return (
        f'<symbol id="{name}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" '
        f'stroke-linecap="round" stroke-linejoin="round">{drawn}</symbol>'
    )


if __name__ == "__main__":
    collect_assets()
