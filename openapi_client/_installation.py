"""Whether the modules of this package stand together: `openapi_client` is a common name.

An OpenAPI generator gives it to each package that it writes, so another distribution may bring a
package of this name. Installed into the same environment, each writes its files over those of the
other: whichever came last has `__init__.py`, and removing it removes the files that both had.

Modules that no generated package has are left in place by that. They import this one first, which
then fails with an error that says what to do.
"""

from __future__ import annotations

from functools import cache

import openapi_client

DISTRIBUTION = "openapi-messages-client"
"""The name to install this package by."""

if getattr(openapi_client, "_DISTRIBUTION", None) != DISTRIBUTION:
    raise ImportError(
        f"openapi_client/__init__.py is missing, or belongs to another distribution than "
        f"{DISTRIBUTION}: give {DISTRIBUTION} an environment of its own, or remove the other one "
        f"and run: pip install --force-reinstall {DISTRIBUTION}",
        name="openapi_client",
    )


@cache
def warn_of_others() -> None:
    """Warn if a distribution of any name has installed its `openapi_client` into the same folder.

    A program that misses a name may have been written for that package, which this one replaced.
    """
    import warnings
    from importlib.metadata import distributions
    from pathlib import Path

    folder = Path(openapi_client.__path__[0]).parent
    for other in distributions(path=[str(folder)]):
        files = {str(file) for file in other.files or ()}
        if other.name != DISTRIBUTION and "openapi_client/__init__.py" in files:
            warnings.warn(
                f"The distribution {other.name} has installed a package openapi_client into the "
                f"same folder as {DISTRIBUTION}, and one has replaced files of the other. Give "
                f"{DISTRIBUTION} an environment of its own",
                RuntimeWarning,
                stacklevel=3,
            )
