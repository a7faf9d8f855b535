"""How a route finds what its use case works with."""

from typing import Annotated

from fastapi import Depends, Request

from services.registry.use_cases.collaborators import Collaborators


def collaborators_of(request: Request) -> Collaborators:
    """Return what the use cases of this application work with.

    For the routes that are asked thousands of times a second, where a dependency is a tenth of all.
    """
    using: Collaborators = request.app.state.collaborators
    return using


async def _collaborators(request: Request) -> Collaborators:
    return collaborators_of(request)


Using = Annotated[Collaborators, Depends(_collaborators)]
