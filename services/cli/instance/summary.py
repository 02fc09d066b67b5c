"""What `up` says in the end: addresses, and how to sign in the first time."""

from __future__ import annotations

from rich.table import Table

from services.catalog import SERVICES
from services.cli.console.build import is_current
from services.cli.instance.instance import Instance
from services.cli.instance.keys import ADMIN_NAME, admin_password_file
from services.cli.instance.progress import table_console


def print_summary(instance: Instance, first_sign_in: bool, took_s: float) -> None:
    """Addresses and sign-in, for a person."""
    console = table_console()
    table = Table(box=None, pad_edge=False)
    for heading in ("part", "address", "what it is"):
        table.add_column(heading, no_wrap=heading != "what it is")
    for entry in SERVICES:
        note = f"{entry.owns} (simulated: no phone is reached)" if entry.kind == "simulated" else entry.owns
        table.add_row(entry.name, instance.record.url(entry.name), note)
    table.add_row("kafka", instance.record.kafka, _whose(bool(instance.record.external_kafka)))
    postgres = "yours" if instance.record.external_postgres else f"127.0.0.1:{instance.record.ports['postgres']}"
    table.add_row("postgres", postgres, _whose(instance.record.external_postgres))
    console.print(table)
    if is_current():
        console.print(f"\nConsole: {instance.record.url('web')}/", soft_wrap=True)
    else:
        console.print("\nThe console is not built: everything else runs without it.", soft_wrap=True)
    password = admin_password_file(instance.layout.secrets)
    if first_sign_in:
        secret = password.read_text("utf-8").strip()
        console.print(f"First sign-in: name {ADMIN_NAME}, password {secret}", soft_wrap=True)
        console.print(f"(kept in {password}; shown only this once)", soft_wrap=True, markup=False)
    else:
        console.print(f"First sign-in: name {ADMIN_NAME}, password in {password}", soft_wrap=True, markup=False)
    console.print(f"Ready in {took_s:.1f} s. Everything lies in {instance.layout.home}", soft_wrap=True, markup=False)


def _whose(external: bool) -> str:
    return "your own" if external else "of this instance"
