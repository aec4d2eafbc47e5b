"""From files to figures: one kind of job, one file; found here by the name of the file."""

from gatework.tasks.example_task import ExampleTask
from gatework.tasks.guess import guess_task
from gatework.tasks.registry import find_task, load_model
from gatework.tasks.task import Answer, Task, json_line

__all__ = ["Answer", "ExampleTask", "Task", "find_task", "guess_task", "json_line", "load_model"]
