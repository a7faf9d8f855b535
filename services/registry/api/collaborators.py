"""How a route finds what its use case works with."""

from typing import Annotated

from fastapi import Depends, Request

from services.registry.use_cases.collaborators import Collaborators


async def _collaborators(request: Request) -> Collaborators:
    using: Collaborators = request.app.state.collaborators
    return using


Using = Annotated[Collaborators, Depends(_collaborators)]
