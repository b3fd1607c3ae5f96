"""Jobs: indexing in the background, watched and stopped from elsewhere."""

from lookalike.jobs.indexing import Indexing
from lookalike.jobs.job import IndexJob, JobState, JobStatus

__all__ = ["IndexJob", "Indexing", "JobState", "JobStatus"]
