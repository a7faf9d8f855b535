"""Template versions as they were when they could first be sent."""

from collections.abc import Sequence
from datetime import datetime

from services.notifications.domain.templates import Template
from shared.storage.database import Transaction


async def keep_templates(tx: Transaction, templates: Sequence[Template], *, at: datetime) -> None:
    """Keep versions that are not kept yet; those that are stay as they were."""
    wordings = [
        (template.key, template.version, language, body)
        for template in templates
        for language, body in template.bodies.items()
    ]
    await tx.execute(
        """
        INSERT INTO template_version (key, version, language, body, origin, source, recorded_at)
        SELECT wording.*, %(at)s
          FROM unnest(%(keys)s::text[], %(versions)s::int[], %(languages)s::text[],
                      %(bodies)s::text[], %(origins)s::text[], %(sources)s::text[]) AS wording
        ON CONFLICT (key, version, language) DO NOTHING
        """,
        {
            "at": at,
            "keys": [key for key, _, _, _ in wordings],
            "versions": [version for _, version, _, _ in wordings],
            "languages": [language.value for _, _, language, _ in wordings],
            "bodies": [body.text for _, _, _, body in wordings],
            "origins": [body.origin for _, _, _, body in wordings],
            "sources": [body.source for _, _, _, body in wordings],
        },
    )


async def kept_bodies(tx: Transaction) -> dict[tuple[str, int, str], str]:
    """Return the body of every kept wording by key, version and language."""
    cursor = await tx.execute("SELECT key, version, language, body FROM template_version")
    return {
        (row["key"], row["version"], row["language"]): row["body"]
        for row in await cursor.fetchall()
    }
