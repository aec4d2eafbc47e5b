"""Published experiments as commands: trials in parallel, each kept once it is made, and a report with pictures."""

from gatework.studies.folder import StudyFolder
from gatework.studies.registry import find_study, study_names
from gatework.studies.report import Report
from gatework.studies.runner import found_trials, make_trial, run_study
from gatework.studies.statistics import Interval, mean_interval, paired_difference
from gatework.studies.study import Scope, Study, data_folder
from gatework.studies.trials import Measured, Settings, Trial, Trials

__all__ = [
    "Interval",
    "Measured",
    "Report",
    "Scope",
    "Settings",
    "Study",
    "StudyFolder",
    "Trial",
    "Trials",
    "data_folder",
    "find_study",
    "found_trials",
    "make_trial",
    "mean_interval",
    "paired_difference",
    "run_study",
    "study_names",
]
