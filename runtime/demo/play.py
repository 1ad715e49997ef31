"""Plays the story in a demo city of its own."""

import subprocess

import httpx
import psycopg

from runtime.db import Role, connect
from runtime.demo.chapters import CHAPTERS
from runtime.demo.layout import Layout
from runtime.demo.report import Report, Say, StepFailed
from runtime.demo.stack import Demo
from runtime.demo.story import Story
from runtime.demo.visitor import VisitError


def play(layout: Layout, say: Say) -> Report:
    """Starts a demo, plays the story, ends the demo, and returns what was seen."""
    report = Report(say)
    demo = Demo(layout, say)
    try:
        demo.start()
        with connect(demo.database, Role.OWNER) as connection:
            story = Story(layout, demo, report, connection)
            try:
                for chapter in CHAPTERS:
                    chapter(story)
                report.complete = True
            except (StepFailed, VisitError, httpx.HTTPError, psycopg.Error, subprocess.TimeoutExpired) as error:
                say(f"FAILED {' '.join(str(error).split())}")
                if not demo.broker.real:
                    say(f"this was played with the {demo.broker.note}")
            report.count(connection)
    finally:
        demo.stop()
    return report
