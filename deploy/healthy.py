"""A container's health check: exit code 0 when the service in it says that it is ready."""

import os
import sys
import urllib.request

try:
    with urllib.request.urlopen(f"http://127.0.0.1:{os.environ['THIRDRESCUE_HTTP_PORT']}/ready", timeout=4) as answer:
        sys.exit(0 if answer.status == 200 else 1)
except OSError:
    sys.exit(1)
