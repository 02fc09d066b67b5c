"""Puts alerts together."""

from __future__ import annotations

from datetime import timedelta

from services.alerts import api
from services.alerts.answering import Answering
from services.alerts.asking import Asking
from services.alerts.desk import AnswerDesk
from services.alerts.first_attempts import FirstAttempts
from services.alerts.gateway import Gateway, read_key
from services.alerts.handlers import Handlers
from services.alerts.notices.sender import NoticeSender
from services.alerts.pages import RetryRules
from services.alerts.sender import Sender, SenderRules
from services.alerts.settings import AlertsSettings
from services.alerts.store import FOLDER
from services.alerts.waking import Waker
from services.kit.auth import TokenSigner
from services.kit.runtime import Runtime
from services.kit.service import Service
from services.kit.settings import load


def create(runtime: Runtime) -> Service:
    """The service, ready to be run."""
    settings = load(AlertsSettings)
    waker = Waker()
    sending = _sender_rules(settings)
    first_attempts = FirstAttempts(most=sending.concurrency, lease=sending.lease)
    asking = Asking(settings.rules(), waker, first_attempts)
    handlers = Handlers(asking)
    gateway = _gateway(runtime, settings)
    sender = Sender(runtime, gateway, sending, waker, first_attempts)
    notices = NoticeSender(runtime, gateway, sending.lease)
    return Service(
        name="alerts",
        folder=FOLDER,
        router=api.router(runtime, AnswerDesk(runtime, Answering(asking))),
        subscriptions=handlers.subscriptions(),
        timers=handlers.timers(),
        loops=(sender.run, sender.listen, notices.run),
    )


def _gateway(runtime: Runtime, settings: AlertsSettings) -> Gateway:
    return Gateway(
        lambda: runtime.http,
        url=settings.alerts_page_gateway_url,
        key=read_key(runtime.secrets_dir, settings.alerts_page_gateway_key_file),
        timeout_s=settings.alerts_page_timeout_s,
        signer=TokenSigner.from_file("alerts", runtime.secrets_dir, runtime.clock),
        page_token=timedelta(hours=settings.alerts_page_token_hours),
        mission_token=timedelta(days=settings.alerts_mission_token_days),
    )


def _sender_rules(settings: AlertsSettings) -> SenderRules:
    return SenderRules(
        channel=settings.alerts_page_channel,
        concurrency=settings.alerts_page_concurrency,
        batch=settings.alerts_page_batch,
        lease=timedelta(seconds=settings.alerts_page_lease_s),
        retry=RetryRules(
            attempts_max=settings.alerts_page_attempts_max,
            wait=timedelta(seconds=settings.alerts_page_retry_s),
            wait_max=timedelta(seconds=settings.alerts_page_retry_max_s),
        ),
    )
