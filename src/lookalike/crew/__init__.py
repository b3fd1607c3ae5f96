"""Crew: pictures prepared and encoded by workers of their own, here or elsewhere."""

from lookalike.crew.crew import Crew
from lookalike.crew.growing import Growing, here
from lookalike.crew.parcel import PICTURES, Finished
from lookalike.crew.processes import Processes
from lookalike.crew.staff import AT_ONCE, Share, Staff, WorkerDied, split
from lookalike.crew.worker import READERS, Model, Worker

__all__ = [
    "AT_ONCE",
    "PICTURES",
    "READERS",
    "Crew",
    "Finished",
    "Growing",
    "Model",
    "Processes",
    "Share",
    "Staff",
    "Worker",
    "WorkerDied",
    "here",
    "split",
]
