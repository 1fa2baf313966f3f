"""Every table of every slice, loaded: importing this makes `store.metadata` complete."""

import denwaban.access.rows
import denwaban.audit.rows
import denwaban.callback.rows
import denwaban.calls.rows
import denwaban.calls.waveform
import denwaban.care.rows
import denwaban.console.rows
import denwaban.delivery.inbound.rows
import denwaban.delivery.rows
import denwaban.disclosure.rows
import denwaban.feedback.rows
import denwaban.improvement.rows
import denwaban.journal.rows
import denwaban.knowledge.rows
import denwaban.lines.rows
import denwaban.memory.rows
import denwaban.oncall.rows
import denwaban.people.persons.rows
import denwaban.people.rows
import denwaban.practice.rows
import denwaban.promises.rows
import denwaban.reports.rows
import denwaban.retention.rows
import denwaban.routing.rows
import denwaban.scripts.rows
import denwaban.summaries.rows
import denwaban.targets.rows
import denwaban.vault.rows  # noqa: F401
