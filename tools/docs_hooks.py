"""Hooks of the documentation site (``mkdocs.yml``).

Pages that stand outside ``docs/`` in the repository become pages of the site, so that a link works in both places. The
build fails if a page loads anything from another host.
"""

import posixpath
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

REPOSITORY = Path(__file__).parents[1]
# Path in the repository -> path in the site.
OUTSIDE = {
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "benchmarks/RESULTS.md": "reference/accuracy.md",
    "benchmarks/RESULTS.png": "reference/RESULTS.png",
    "benchmarks/PLATFORM.md": "reference/platform.md",
    "benchmarks/PLATFORM_growth.png": "reference/PLATFORM_growth.png",
    "benchmarks/PLATFORM_history.svg": "reference/PLATFORM_history.svg",
    "benchmarks/PLATFORM_profile.svg": "reference/PLATFORM_profile.svg",
}
LINK = re.compile(r"(?<=\]\()(?![a-z]+:|#)([^)#\s]+)")
LOADED_FROM_A_HOST = re.compile(
    r"<(?:script|link|img|iframe|source|video|audio)\b[^>]*\b(?:src|href)=\"(?:https?:)?//[^\"]*"
)
PERCENTAGE = re.compile(r"(\d) %")
OTHER_HOST = "https://unpkg.com/"


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that stand outside ``docs/``."""
    for source, target in OUTSIDE.items():
        files.append(File.generated(config, target, abs_src_path=str(REPOSITORY / source)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Rewrite links from and to the pages outside ``docs/`` as links of the site."""
    source = Path(page.file.abs_src_path or "").relative_to(REPOSITORY).as_posix()
    return LINK.sub(lambda link: site_link(link[1], source, page.file.src_uri), markdown)


def site_link(link: str, source: str, page: str) -> str:
    """Return a link of a page as the site needs it.

    Args:
        link: Relative link as written.
        source: Path of the page in the repository.
        page: Path of the page in the site.
    """
    target = posixpath.normpath(posixpath.join(posixpath.dirname(source), link))
    if target in OUTSIDE:
        in_site = OUTSIDE[target]
    elif source in OUTSIDE and target.startswith("docs/"):
        in_site = target.removeprefix("docs/")
    else:
        return link
    return posixpath.relpath(in_site, posixpath.dirname(page) or ".")


def on_page_content(html: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Keep a number and its percent sign on one line."""
    return PERCENTAGE.sub("\\1\N{NO-BREAK SPACE}%", html)


def on_post_page(output: str, page: Page, config: MkDocsConfig) -> str:
    """Fail if the page loads anything from another host.

    Raises:
        PluginError: With the tags that do.
    """
    loaded = LOADED_FROM_A_HOST.findall(output)
    if loaded:
        raise PluginError(f"{page.file.src_uri} loads from another host: {'; '.join(loaded)}")
    return output


def on_post_build(config: MkDocsConfig) -> None:
    """Take the address of another host out of the theme's script, which falls back to it."""
    for script in Path(config.site_dir, "assets", "javascripts").glob("bundle.*.js"):
        script.write_text(script.read_text(encoding="utf-8").replace(OTHER_HOST, "vendor/"), encoding="utf-8")
