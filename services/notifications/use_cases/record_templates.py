"""Keeping the wordings of this release, and refusing to send under a wording that was edited."""

from services.notifications.domain.templates import shipped_templates
from services.notifications.storage.templates import keep_templates, kept_bodies
from services.notifications.use_cases.collaborators import Collaborators


class EditedTemplateError(Exception):
    """A version that may have been sent reads otherwise now; it needs the next version number."""


async def record_templates(collaborators: Collaborators) -> None:
    """Keep every shipped version for ever.

    Raises:
        EditedTemplateError: A kept version differs from the shipped one.
    """
    async with collaborators.database.transaction() as tx:
        await keep_templates(tx, shipped_templates(), at=collaborators.clock.now())
        kept = await kept_bodies(tx)
    for template in shipped_templates():
        for language, body in template.bodies.items():
            if kept[template.key, template.version, language.value] != body.text:
                message = f"Template {template.key} version {template.version} was edited."
                raise EditedTemplateError(message)
