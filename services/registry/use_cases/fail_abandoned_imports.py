"""Fail the imports whose sender, or whose receiving process, is gone."""

import structlog

from services.registry.storage.import_blocks import forget_blocks
from services.registry.storage.import_jobs import fail_abandoned_jobs
from services.registry.use_cases.collaborators import Collaborators
from services.registry.use_cases.receive_import import UPLOAD_LEASE_PREFIX

log = structlog.get_logger(__name__)

ABANDONED_CODE = "registry.upload-abandoned"


async def fail_abandoned_imports(using: Collaborators) -> bool:
    """Fail every job that is being received by nobody, and forget its blocks.

    Returns:
        Whether there was one.
    """
    async with using.database.transaction() as tx:
        job_ids = await fail_abandoned_jobs(
            tx, lease_prefix=UPLOAD_LEASE_PREFIX, code=ABANDONED_CODE, at=using.clock.now()
        )
        if job_ids:
            await forget_blocks(tx, job_ids)
    for job_id in job_ids:
        log.warning("import-upload-failed", job_id=str(job_id), code=ABANDONED_CODE)
    return bool(job_ids)
