"""Jobs: indexing in the background, watched and stopped from elsewhere; watching of folders."""

from lookalike.jobs.indexing import Indexing
from lookalike.jobs.job import IndexJob, JobState, JobStatus
from lookalike.jobs.watch import Watch, WatchStatus
from lookalike.jobs.watching import Watcher

__all__ = ["IndexJob", "Indexing", "JobState", "JobStatus", "Watch", "WatchStatus", "Watcher"]
