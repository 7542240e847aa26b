"""Whether the modules of this package stand together: `openapi_client` is a common name.

An OpenAPI generator gives it to each package that it writes, so another distribution may bring a
package of this name. Installed into the same environment, each writes its files over those of the
other: whichever came last has `__init__.py`, and removing it removes the files that both had.

Modules that no generated package has are left in place by that. They import this one first, which
then fails with an error that says what to do.
"""

from __future__ import annotations

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
